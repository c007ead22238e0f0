# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# As net, but with an interface that is set up as for any guest: what is sent from the page cache may be
# out, and then dom0's kernel sleeps where it must not. It says so, which is counted here, and goes on,
# since the pager is kept off the processor on which that happens.
# lab: timeout 1200
# lab: cpus 2
# lab: dom0-cpus 2
# lab: hypervisor patched
# lab: icount 2
# lab: emulator mended
# lab: allow dom0.log:.*BUG: scheduling while atomic
# lab: allow dom0.log:.*bad: scheduling from the idle thread

make_net
GUEST_CONFIG=$(net_config vif)
start_guest a 128 1 mb=24 idle_ms=500 net=10.0.0.1:7 net_mb=8
net_interrupts_on a 1
start_pager a --cpus=1
squeeze_to a 48
expect_resident a 48 2 300
moves_more a net 300 400
verify_guest a 1 400
note "dom0's kernel has complained $(dom0_complaints) times"
stop_pager a 400
verify_guest a 1 400
destroy_guest a
pass
