# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The old pager with the two missing fields set serves a guest; benchmarks compare with it.
# lab: hypervisor stock
# lab: timeout 1200

start_guest a 128 1 mb=48
start_old_pager a xenpaging-repaired
squeeze_to a 100
expect_resident a 100 2 300
verify_guest a 2 400
stop_pager a 400
expect_nothing_out a
destroy_guest a
pass
