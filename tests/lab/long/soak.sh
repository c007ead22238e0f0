# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
#
# A guest of two vCPUs goes over memory that does not fit, for $minutes: a quarter of it stays
# resident, pages go out and in all the time, and none is ever bad.
# lab: timeout 7200
# lab: cpus 2

start_guest a 112 2 mb=32
start_pager a
squeeze_to a 28
expect_resident a 28 1 900
minute=0
while [ $minute -lt "$minutes" ]; do
    minute=$((minute + 1))
    ins=$(status_value a page-ins)
    watch_resident a 30 60
    expect_status a page-ins $((ins + 100))
    note "minute $minute: $(status_value a page-ins) page-ins, $(status_value a page-outs)" \
        "page-outs, $(rounds_done a) rounds"
done
verify_guest a 1 900
stop_pager a 900
expect_nothing_out a
verify_guest a 1 400
destroy_guest a
pass
