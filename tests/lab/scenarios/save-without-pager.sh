# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A page that does not come: xl save says so and fails, in bounded time, and the guest goes on as if
# nothing had happened.
# lab: timeout 1200
# lab: toolstack patched

start_guest a 112 1 mb=32
start_pager a
squeeze_to a 80
expect_resident a 80 1 300
run_saver a xl save a /run/lab/a.save
wait_suspended 120
kill -STOP "$(worker_pid a)"
expect_saver 1 200
expect_saver_said "is paged out, and its pager doesn't bring it back"
kill -CONT "$(worker_pid a)"
verify_guest a 1 400
expect_resident a 80 2 120
stop_pager a 400
expect_nothing_out a
verify_guest a 1 300
destroy_guest a
pass
