# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# As net, but it is xl that sets the interface up for a guest that is paged, since its configuration says so.
# lab: timeout 900
# lab: cpus 2
# lab: dom0-cpus 2
# lab: hypervisor patched
# lab: toolstack patched
# lab: icount 2
# lab: emulator mended

mkdir -p /var/lib/xen/xenpaging
make_net
GUEST_CONFIG="$(net_config vif)
$(paging_config paging_target=48 'paging_args=["--cpus=1"]')"
start_guest a 128 1 mb=24 idle_ms=500 net=10.0.0.1:7 net_mb=8
[ "$(xenstore-read "/local/domain/0/backend/vif/$(guest_domid a)/0/feature-sg")" = 0 ] ||
    fail "the interface takes pages as they are"
net_interrupts_on a 1
expect_resident a 48 2 300
moves_more a net 300 400
verify_guest a 1 400
expect_status a page-ins 1
[ "$(dom0_complaints)" = 0 ] || fail "dom0's kernel complains"
destroy_guest a
pass
