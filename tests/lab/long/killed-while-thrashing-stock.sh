# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing-stock, in full.
# lab: hypervisor stock
# lab: timeout 4200

start_thrashing 1
kill_workers "${kills:-40}"
kill_both_often "${both:-5}"
end_thrashing
pass
