# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The target goes up and down 20 times; residency follows, up too without anybody asking for
# the pages.
# lab: timeout 1200

start_guest a 112 1 mb=32
start_pager a
for i in 1 2 3 4 5 6 7 8 9 10; do
    squeeze_to a 80
    expect_resident a 80 2 300
    squeeze_to a $((80 + 3 * i))
    expect_resident a $((80 + 3 * i)) 2 300
done
verify_guest a 1 400
destroy_guest a
expect_exit "$(pager_pid a)" 0 30
pass
