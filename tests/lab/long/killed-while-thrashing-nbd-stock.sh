# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing-nbd on a stock Xen, with one vCPU as in killed-while-thrashing-stock.
# lab: timeout 4200
# lab: nbd-server nbdkit
# lab: hypervisor stock

thrash_over_nbd 1 "${kills:-5}" "${upgrades:-3}"
pass
