# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest of two vCPUs is squeezed, its memory is good, and a drain gives everything back.
# lab: timeout 1200
# lab: cpus 2

start_guest a 128 2 mb=48
start_pager a
squeeze_to a 88
expect_resident a 88 2 300
verify_guest a 2 400
expect_resident a 88 3 300
expect_status a page-ins 1
stop_pager a 400
expect_nothing_out a
verify_guest a 1 400
[ ! -e /pages/a ] || fail "the store is still there"

# A pager can come after another, whose ring took the place of a page.
start_pager a
squeeze_to a 110
expect_resident a 110 2 300
stop_pager a 400
expect_nothing_out a
destroy_guest a
pass
