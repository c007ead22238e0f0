# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A working set that does not fit: a quarter of the guest stays resident while it goes over
# all of its memory for 60 s, without one bad page and close to its target all the time.
# lab: timeout 1200

start_guest a 112 1 mb=32
start_pager a
squeeze_to a 28
expect_resident a 28 1 300
watch_resident a 30 60
verify_guest a 1 300
destroy_guest a
expect_exit "$(pager_pid a)" 0 30
pass
