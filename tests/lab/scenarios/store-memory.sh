# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pages that go out into dom0's memory, and those that find no room there into a file.
# lab: timeout 1200

start_guest a 112 1 mb=32
start_pager a --store=memory:48M
squeeze_to a 80
expect_resident a 80 2 300
expect_status a store-bytes 4096
verify_guest a 2 400
stop_pager a 400
expect_nothing_out a

# What the guest's workload writes is not the same all over, so the little room is used up.
start_pager a --store=memory:1M,/pages/a --compression=zstd --encrypt=yes
squeeze_to a 80
expect_resident a 80 2 300
[ "$(stat -c %s /pages/a)" -gt 4096 ] || fail "nothing went on to the file"
verify_guest a 2 400
stop_pager a 400
expect_nothing_out a
[ ! -e /pages/a ] || fail "the file is still there"
destroy_guest a
pass
