# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The guest's balloon takes pages away and gives them back while others are paged out. The
# guest does not scrub what it balloons, so that paged-out pages are given up untouched.
# lab: timeout 1200

GUEST_CONFIG='extra = "xen_scrub_pages=0"'
start_guest a 160 1 mb=32
domid=$(guest_domid a)
start_pager a
squeeze_to a 80
expect_resident a 80 2 300
for mib in 120 158 110 158; do
    xl mem-set a "$mib" || fail "xl mem-set $mib failed"
    verify_guest a 1 400
done
verify_guest a 1 400
stop_pager a 400
expect_nothing_out a
verify_guest a 1 400
destroy_guest a
pass
