# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# On Debian's own Xen, which is built without paging, the pager says so and leaves the guest be.
# lab: timeout 200
# lab: hypervisor debian

mkdir -p /pages
start_guest a 96 1 mb=16
refused 'this Xen is built without CONFIG_MEM_PAGING' --store=/pages/a "$(guest_domid a)"
[ ! -e /pages/a ] || fail "a store was left"
verify_guest a 1 400
destroy_guest a
pass
