# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing, in full, with a program of dom0 that writes to pages of the guest all
# the while: none of its writes is lost either.
# lab: timeout 4200

leave_pages_to_mapper
start_thrashing 2
start_mapping a
kill_workers "${kills:-40}"
kill_both_often "${both:-5}"
stop_mapping
end_thrashing
pass
