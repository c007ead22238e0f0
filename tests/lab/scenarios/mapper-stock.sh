# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# On a stock Xen writes of dom0 are lost under the pager: proof that scenario mapper can fail.
# lab: timeout 600
# lab: hypervisor stock

start_mapper_guest a 56
! run_mapper a 3000 200 200 || fail "no write is lost on a stock Xen"
destroy_guest a
pass
