# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pages that a program of dom0 has mapped stay, all others go out, and each of those goes out as soon
# as it is unmapped. The limit is for an emulated processor that is shared; the log has the times.
# lab: timeout 300
# lab: dom0-cpus 2
# lab: cpus 2
# lab: hypervisor patched

create_paused a pvh 80 80
domid=$(guest_domid a)
start_pager a --target-min=4
start_holder a $((76 * 256)) 64
xenstore-write "/local/domain/$domid/memory/target-tot_pages" 128
# What a guest has besides, such as its special pages, never goes out.
wait_until "all but 64 pages to be out" 200 has_at_most "$domid" 80
[ "$(resident_pages "$domid")" -ge 64 ] || fail "only $(resident_pages "$domid") pages are resident"
for i in 1 2 3 4 5 6 7 8 9 10; do
    release_one 500
done
note "us from the unmap on: $(sed -n 's/^out after \([0-9]*\) us/\1/p' "$HOLDER_LOG" | sort -n | tr '\n' ' ')"
stop_holder
wait_until "the target" 10 has_at_most "$domid" 32
destroy_guest a
pass
