# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest one and a half times as large as the memory that the host has free: with paging_target, xl create
# starts it paged, and it verifies its memory. Without that there is no room for it.
# lab: toolstack patched
# lab: memory 800
# lab: timeout 900

mkdir -p /var/lib/xen/xenpaging
start_larger
a=$(guest_domid a)
verify_guest a 1 400
destroy_guest a
expect_nothing_left "$a"
pass
