# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest of two vCPUs is squeezed, its memory is good, and a drain gives everything back.
# lab: timeout 1200
# lab: cpus 2

start_guest a 112 2 mb=32
start_pager a
squeeze_to a 76
expect_resident a 76 2 300
verify_guest a 2 400
expect_resident a 76 3 300
expect_status a page-ins 1
stop_pager a 400
expect_nothing_out a
verify_guest a 1 400
[ ! -e /pages/a ] || fail "the store is still there"

# A pager can come after another, whose ring took the place of a page.
start_pager a
squeeze_to a 96
expect_resident a 96 2 300
stop_pager a 400
expect_nothing_out a
destroy_guest a
pass
