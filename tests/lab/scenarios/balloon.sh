# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The guest's balloon takes pages away and gives them back while others are paged out. The
# guest does not scrub what it balloons, so that paged-out pages are given up untouched.
# lab: timeout 1200

GUEST_CONFIG='extra = "xen_scrub_pages=0"'
start_guest a 192 1 mb=48
domid=$(guest_domid a)
start_pager a
squeeze_to a 100
expect_resident a 100 2 300
for mib in 150 190 140 190; do
    xl mem-set a "$mib" || fail "xl mem-set $mib failed"
    verify_guest a 1 400
done
verify_guest a 1 400
stop_pager a 400
expect_nothing_out a
verify_guest a 1 400
destroy_guest a
pass
