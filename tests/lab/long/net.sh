# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest that is squeezed sends pages to dom0 and has them back, through an interface that is set up as
# docs/devices.md says for paged guests: dom0's kernel never has to wait for a page of it.
# lab: timeout 900
# lab: cpus 2
# lab: dom0-cpus 2
# lab: hypervisor patched
# lab: icount 2
# lab: emulator mended

make_net
GUEST_CONFIG=$(net_config vif-paged)
start_guest a 128 1 mb=24 idle_ms=500 net=10.0.0.1:7 net_mb=8
[ "$(xenstore-read "/local/domain/0/backend/vif/$(guest_domid a)/0/feature-sg")" = 0 ] ||
    fail "the interface takes pages as they are"
net_interrupts_on a 1
start_pager a --cpus=1
squeeze_to a 48
expect_resident a 48 2 300
moves_more a net 300 400
verify_guest a 1 400
expect_status a page-ins 1
stop_pager a 400
moves_more a net 300 400
verify_guest a 1 400
expect_nothing_out a
destroy_guest a
pass
