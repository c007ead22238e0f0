# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Two guests that have one and a half times the host's free memory between them, and go over most of it.
# lab: toolstack patched
# lab: memory 940
# lab: timeout 4000

mkdir -p /var/lib/xen/xenpaging
mount -t tmpfs none /var/lib/xen/xenpaging
free=$(free_memory)
each=$((free * 3 / 4)) target=$((free / 2 - 8))
note "$free MiB are free, each guest has $each, and may keep $target"
for guest in a b; do
    follow_log "pager-$guest" "$(xl_pager_log "$guest")"
    GUEST_CONFIG=$(paging_config "paging_target = $target") start_guest "$guest" "$each" 1 mb=84
done
for guest in a b; do
    wait_until "guest $guest to be within its target" 60 has_at_most "$(guest_domid "$guest")" $((target * 256))
    expect_status "$guest" page-ins 1000
done
for round in 1 2 3; do
    verify_guest a 1 800
    verify_guest b 1 800
    note "round $round: good"
done
destroy_guest a
destroy_guest b
expect_no_domains
pass
