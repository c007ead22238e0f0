# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A dump of a guest's memory has what was out, too. It takes minutes here, as xl tries each gfn below 4 GiB.
# lab: toolstack patched
# lab: timeout 2000

mkdir -p /var/lib/xen/xenpaging
GUEST_CONFIG=$(paging_config paging_target=104)
start_guest a 128 1 mb=32
a=$(guest_domid a)
expect_resident a 104 2 300
pages=$(($(resident_pages "$a") + $(paged_pages "$a")))
xl dump-core a /run/lab/a.core || fail "xl dump-core failed"
bytes=$(stat -c %s /run/lab/a.core)
[ "$bytes" -ge $((pages * 4096)) ] || fail "the dump has $bytes bytes for $pages pages"
rm /run/lab/a.core
verify_guest a 1 300
destroy_guest a
pass
