# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Settings from xenstore, options over them, a garbled target, a store that may not grow.
# lab: timeout 1200

start_guest a 128 1 mb=48
domid=$(guest_domid a)
paging=/libxl/$domid/paging
xenstore-write "$paging/store" /pages/of-a "$paging/policy" sweep "$paging/store-max" 8192
start_pager a --store=/pages/over --policy=random
[ -e /pages/over ] || fail "the option --store had no effect"
[ "$(stat -c %a /pages/over)" = 600 ] || fail "the store's mode is $(stat -c %a /pages/over)"
has_line "$(pager_log a)" 'policy random' || fail "the option --policy had no effect"
squeeze_to a 64
wait_line "$(pager_log a)" 'stays in memory: cannot write it: No space left' 200
verify_guest a 2 400
[ "$(status_value a store-bytes)" -le 8388608 ] || fail "the store is larger than it may be"
squeeze_to a 120
expect_resident a 120 2 300
xenstore-write "/local/domain/$domid/memory/target-tot_pages" 7e4
wait_line "$(pager_log a)" "'7e4' is not a number of KiB" 200
xenstore-rm "/local/domain/$domid/memory/target-tot_pages"
wait_line "$(pager_log a)" 'no target in .*: it stays at 122880 KiB' 200
[ "$(status_value a target)" = 122880 ] || fail "the target is $(status_value a target) KiB"
verify_guest a 1 400
stop_pager a 400
destroy_guest a
pass
