# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Stock tools on a patched Xen, which does not take pages that are out for holes: xl save fails unless
# it happens to find all of them, and loses nothing in either case.
# lab: timeout 900

start_guest a 112 1 mb=32
start_pager a
squeeze_to a 80
expect_resident a 80 1 300
pages=$(whole_pages "$(guest_domid a)")
code=0
xl save a /run/lab/a.save || code=$?
if [ $code = 0 ]; then
    note "the guest was saved"
    xl restore /run/lab/a.save || fail "xl restore failed"
else
    note "the guest was not saved"
fi
expect_whole a "$pages"
verify_guest a 1 300
destroy_guest a
pass
