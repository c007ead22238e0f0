# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Dom0 comes up on a Xen that can run guests with hardware assisted paging.

xl info
xl info | grep -q '^xen_version .*: 4\.17' || fail "this is not Xen 4.17"
xl info | grep -q '^virt_caps .* hap' || fail "Xen does not see nested page tables"
pass
