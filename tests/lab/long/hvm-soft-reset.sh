# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# An HVM guest whose pager xl starts executes another kernel (kexec) while it is paged, for which it asks
# for a soft reset: all of its memory is back before that, the domain is the same one, and a new pager
# holds it at its target.
# lab: timeout 1200
# lab: device-model qemu
# lab: boot-disk mb=24 rounds=10 idle_ms=500 end=kexec disk=/dev/sdb disk_mb=8
# lab: memory 2048
# lab: dom0-memory 900
# lab: toolstack patched

mkdir -p /var/lib/xen/xenpaging
make_disk_file /run/lab/a.disk 16
GUEST_CONFIG=$(paging_config 'paging_target = 192') start_hvm_guest a 256 1 /run/lab/a.disk
domid=$(guest_domid a)
old=$(paging_node a pid)
follow_log pager-a "$(xl_pager_log a)"
wait_until "the target" 60 has_at_most "$domid" $((192 * 256))
wait_until "the guest's second life" 800 has_lived a 2
[ "$(guest_domid a)" = "$domid" ] || fail "the guest is now domain $(guest_domid a)"
[ "$(paging_node a pid)" != "$old" ] || fail "the pager is the one from before the reset"
has_line "$(xl_pager_log a).1" 'all memory is back' || fail "the memory did not come back before the reset"
expect_listed a running
wait_until "the target" 60 has_at_most "$domid" $((192 * 256))
verify_guest a 1 400
destroy_guest a
expect_nothing_left "$domid"
pass
