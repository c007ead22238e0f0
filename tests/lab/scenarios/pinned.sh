# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pages that a program of dom0 has mapped stay, all others go out, and each of those goes out as soon
# as it is unmapped. Time is counted in instructions, 500 million a second, so that nothing else that
# the host does is in it; the log has the times. The limit is for a debug build, which may be busy with other pages.
# lab: timeout 600
# lab: icount 1

create_paused a pvh 80 80
domid=$(guest_domid a)
start_pager a --target-min=4
start_holder a $((76 * 256)) 64
xenstore-write "/local/domain/$domid/memory/target-tot_pages" 128
# What a guest has besides, such as its special pages, never goes out.
wait_until "all but 64 pages to be out" 200 has_at_most "$domid" 80
[ "$(resident_pages "$domid")" -ge 64 ] || fail "only $(resident_pages "$domid") pages are resident"
for i in 1 2 3 4 5 6 7 8 9 10; do
    release_one 300
done
note "us from the unmap on: $(sed -n 's/^out after \([0-9]*\) us/\1/p' "$HOLDER_LOG" | sort -n | tr '\n' ' ')"
stop_holder
wait_until "the target" 10 has_at_most "$domid" 32
destroy_guest a
pass
