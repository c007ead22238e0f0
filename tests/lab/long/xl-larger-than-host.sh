# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest larger than free memory is also saved and restored, with all of its memory. If the store has no
# room for what does not fit, or the target does not fit, nothing is started and nothing is left.
# lab: toolstack patched
# lab: memory 800
# lab: timeout 4000

mkdir -p /var/lib/xen/xenpaging
larger_fails 'allocate low memory' "paging_target = $(free_memory)"
start_larger
a=$(guest_domid a)
pages=$(whole_pages "$a")
run_saver a xl save a /run/lab/a.save
expect_saver 0 1500
expect_nothing_left "$a"
larger_config "paging_target = $(larger_target)" 'paging_args = [ "--store-max=1024" ]' > /run/lab/full.cfg
xl_fails 'makes no room' restore /run/lab/full.cfg /run/lab/a.save
expect_no_domains
[ -z "$(pagers)" ] || fail "a pager is left: $(pagers)"
xl restore /run/lab/a.save || fail "xl restore failed"
a=$(guest_domid a)
expect_whole a "$pages"
wait_until "guest a to be within its target" 20 has_at_most "$a" $(($(larger_target) * 256))
verify_guest a 1 400
destroy_guest a
expect_nothing_left "$a"
pass
