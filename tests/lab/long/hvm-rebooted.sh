# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# An HVM guest whose pager xl starts reboots while it is paged: domain, device model and pager are new ones,
# and the target holds.
# lab: timeout 2000
# lab: device-model qemu
# lab: boot-disk mb=24 rounds=3 idle_ms=500 end=reboot disk=/dev/sdb disk_mb=8
# lab: memory 2048
# lab: dom0-memory 900
# lab: toolstack patched

mkdir -p /var/lib/xen/xenpaging
make_disk_file /run/lab/a.disk 16
GUEST_CONFIG=$(paging_config 'paging_target = 112') GUEST_ON_REBOOT=restart \
    start_hvm_guest a 160 1 /run/lab/a.disk
old=$(guest_domid a)
follow_log pager-a "$(xl_pager_log a)"
wait_until "the target" 60 has_at_most "$old" $((112 * 256))
wait_until "the guest's new domain" 800 has_other_domid a "$old"
wait_until "the guest's second life" 800 has_lived a 2
expect_listed a running
wait_until "the target" 60 has_at_most "$(guest_domid a)" $((112 * 256))
verify_guest a 1 400
domid=$(guest_domid a)
destroy_guest a
expect_nothing_left "$domid"
pass
