# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Stock Xen and stock tools take pages that are out for holes: xl save of a paged guest says that
# all went well, and what is restored lacks them. Proof that the other scenarios save-* can fail.
# Few pages are out, any pages, so that the guest's kernel may live to tell; it may also hang.
# lab: timeout 900
# lab: hypervisor stock
# lab: allow ^guest-a\.log:
# lab: allow ^xen\.log:.*(crashed|domain_crash|[Tt]riple fault)

bad='Kernel panic|BUG:|Oops|workload: (bad|error)|workload: round=[0-9]+ bad=[^0]'

# While the workload rests it needs none of its pages, so they go out like others, and stay out.
start_guest a 112 1 mb=32 idle_ms=100000
guest_wait a '^workload: round=1 bad=0' 300
start_pager a --policy=random
squeeze_to a 110
expect_resident a 110 1 300

# xl notices only if a page goes out between two steps of its own, and then it fails. The pager must not
# have anything to do meanwhile.
run_saver a xl save a /run/lab/a.save
wait_suspended 120
kill -STOP "$(worker_pid a)"
domid=$(guest_domid a)
out=$(paged_pages "$domid")
in=$(resident_pages "$domid")
note "$in pages are in memory, $out are out"
expect_saver 0 200
kill -CONT "$(worker_pid a)"
expect_exit "$(pager_pid a)" 0 60

xl restore /run/lab/a.save || fail "xl restore failed"
restored=$(resident_pages "$(guest_domid a)")
note "saved and restored, says xl; the guest has $restored pages"
[ "$restored" -lt $((in + out - 16)) ] || fail "it has all of its pages"

end=$(( $(now) + 240 ))
until has_round a 2 || has_line "$(guest_console a)" "$bad" || [ "$(now)" -ge "$end" ]; do
    sleep 0.5
done
has_line "$(guest_console a)" "$bad" || ! has_round a 2 || fail "its memory is good: $SEEN"
note "its memory is lost; what it says: $SEEN"
destroy_guest a
pass
