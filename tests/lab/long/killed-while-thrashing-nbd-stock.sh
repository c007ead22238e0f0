# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing-nbd on a stock Xen, with one vCPU as in killed-while-thrashing-stock.
# lab: timeout 4200
# lab: nbd-server nbdkit
# lab: hypervisor stock

start_nbd_server a 192
start_thrashing 1 "--store=$(nbd_store a)"
kill_workers "${kills:-5}"
nbd_refaults=$(status_value a refaults)
restart_nbd_server a 3
expect_status a refaults $((nbd_refaults + 200))
hand_over_often "${upgrades:-3}"
end_thrashing
pass
