# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# xl paging-start, -set, -list and -stop on a guest that was created without paging; what was set
# holds after it was saved and restored, and after a reboot; a daemon that was killed is found out, and
# so is one whose supervisor was.
# lab: toolstack patched
# lab: timeout 3000

# has_other_pager NAME PID: than this process.
has_other_pager() {
    SEEN="process $(paging_node "$1" pid)"
    [ "$SEEN" != "process $2" ]
}

mkdir -p /var/lib/xen/xenpaging /pages
GUEST_ON_REBOOT=restart start_guest a 128 1 mb=40
a=$(guest_domid a)
follow_log pager-a "$(xl_pager_log a)"

xl_fails 'its paging is "off"' paging-set a 96
xl_fails 'its paging is "off"' paging-stop a
expect_listed a off
[ -z "$(listed a)" ] || fail "xl paging-list shows it: $(listed a)"

xl_fails 'cannot be opened: No such file' paging-start --store=/nowhere/a a
! xenstore-exists "/libxl/$a/paging" || fail "/libxl/$a/paging is there"
expect_no_pager
xl paging-start --target=96 --store=/pages/a --policy=random a --store-max=262144 || fail "xl paging-start failed"
expect_listed a running
has_line "$(xl_pager_log a)" 'policy random' || fail "the policy had no effect"
wait_until "a target of 96 MiB" 300 has_at_most "$a" $((96 * 256))
xl_fails 'is paged already' paging-start a
xl_fails 'is larger than the domain' paging-set a 999
xl paging-set a 80 || fail "xl paging-set failed"
wait_until "a target of 80 MiB" 300 has_at_most "$a" $((80 * 256))
xl pause a
xl paging-set a 96
xl unpause a
xl paging-set a 80
verify_guest a 1 300

# A guest whose balloon is out is restored, and comes back from a reboot.
xl mem-set a 120 || fail "xl mem-set failed"
xl save a /run/lab/a.save || fail "xl save failed"
xl restore /run/lab/a.save || fail "xl restore failed"
a=$(guest_domid a)
expect_listed a running
wait_until "the old target" 300 has_at_most "$a" $((80 * 256))
verify_guest a 1 300

# With less, it takes long to boot.
xl paging-set a 112
xl reboot a || fail "xl reboot failed"
wait_until "the guest's new domain" 200 has_other_domid a "$a"
wait_until "the guest's second life" 200 has_lived a 2
[ "$(paging_node a store)" = /pages/a ] || fail "the store is now '$(paging_node a store)'"
a=$(guest_domid a)
expect_listed a running
wait_until "the old target" 300 has_at_most "$a" $((112 * 256))

xl paging-stop a || fail "xl paging-stop failed"
expect_nothing_out a
expect_listed a off
expect_no_pager
! xenstore-exists "/libxl/$a/paging" || fail "/libxl/$a/paging is left"
[ -z "$(ls /pages)" ] || fail "a store is left: $(ls /pages)"

xl paging-start a || fail "xl paging-start failed"
expect_listed a running
wait_until "the old target" 300 has_at_most "$a" $((112 * 256))
supervisor=$(paging_node a pid)
kill -KILL "$supervisor"
wait_until "the worker in the place of its supervisor" 60 has_other_pager a "$supervisor"
expect_listed a running
kill -KILL "$(paging_node a pid)"
wait_until "xl paging-list to see its death" 60 is_listed a dead
wait_line /var/log/xen/xl-a.log 'the paging daemon has died' 60
xl_fails 'its paging is "dead"' paging-set a 96
destroy_guest a
rm -f /pages/a
expect_nothing_left "$a"
pass
