# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The guest is destroyed in the middle of eviction: the pager ends at once, with 0, and leaves
# neither store nor xenstore nodes nor domain behind.
# lab: timeout 1200

for i in 1 2 3; do
    start_guest "a$i" 192 1 mb=64
    domid=$(guest_domid "a$i")
    start_pager "a$i"
    squeeze_to "a$i" 64
    expect_status "a$i" page-outs "$((i * 500))"
    destroy_guest "a$i"
    expect_exit "$(pager_pid "a$i")" 0 30
    [ ! -e "/pages/a$i" ] || fail "the store is still there"
    wait_until "the end of domain $domid" 60 domain_is_gone "$domid"
    ! xenstore-exists "/libxl/$domid" || fail "xenstore still has $(xenstore-ls -f "/libxl/$domid")"
done
pass
