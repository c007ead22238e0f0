# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The same on a stock Xen, where what nobody knows to be waited for comes in as a whole. With one
# vCPU: two can bring this Xen down without any pager dying (README, Limits).
# lab: hypervisor stock
# lab: timeout 1800

start_thrashing 1
kill_workers "${kills:-3}"
kill_both_often "${both:-1}"
hand_over_often "${upgrades:-1}"
end_thrashing
pass
