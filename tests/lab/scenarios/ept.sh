# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The same on Intel's extended page tables: a guest is squeezed to two thirds, its memory is
# good, and a drain gives everything back.
# lab: machine ept

xl info | grep -q '^virt_caps .* hap' || fail "Xen does not see extended page tables"
xen_says 'Extended Page Tables (EPT)' || fail "Xen does not say that it uses EPT"
start_guest a 96 1 mb=8
start_pager a
squeeze_to a 64
expect_resident a 64 2 300
verify_guest a 1 400
expect_status a page-ins 1
stop_pager a 400
expect_nothing_out a
verify_guest a 1 400
destroy_guest a
pass
