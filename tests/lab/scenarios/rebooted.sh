# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The guest reboots while it is paged: it comes back under a new domid, the old pager has ended
# with 0, and a new one can serve the new domain.
# lab: timeout 2400

GUEST_ON_REBOOT=restart
start_guest a 112 1 mb=32 rounds=100 end=reboot
old=$(guest_domid a)
start_pager a
squeeze_to a 88
expect_exit "$(pager_pid a)" 0 900
wait_until "the guest's new domain" 200 has_other_domid a "$old"
[ ! -e /pages/a ] || fail "the store is still there"
wait_until "the guest's second life" 200 has_lived a 2
start_pager a
destroy_guest a
expect_exit "$(pager_pid a)" 0 30
pass
