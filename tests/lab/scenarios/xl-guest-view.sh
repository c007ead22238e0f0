# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Of the nodes of paging, a guest sees its target and nothing else, and can change none.
# lab: toolstack patched
# lab: timeout 900

mkdir -p /var/lib/xen/xenpaging
GUEST_CONFIG=$(paging_config 'paging_target = 112') start_guest a 128 1 mb=16 probe=1
own=/libxl/$(guest_domid a)/paging
guest_wait a '^workload: round=1 ' 300
sees() {
    has_line "$(guest_console a)" "^workload: xenstore $1.?\$" || fail "the guest does not say: $1"
}
sees 'read memory/target-tot_pages: 114688'
sees 'write memory/target-tot_pages: EACCES'
sees 'remove memory/target-tot_pages: EACCES'
sees 'make memory/paging: EACCES'
sees "list $own: EACCES"
sees "read $own/state: EACCES"
sees "write $own/state: EACCES"
sees "make $own/new: EACCES"
[ "$(xenstore-read "/local/domain/$(guest_domid a)/memory/target-tot_pages")" = 114688 ] || fail "the target changed"
[ "$(paging_node a state)" = running ] || fail "the state changed"
domid=$(guest_domid a)
destroy_guest a
expect_nothing_left "$domid"
pass
