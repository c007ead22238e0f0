# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The host runs out of memory while the guest needs page-ins and its target asks for no
# eviction: other pages go out to make room, and the guest works on.
# lab: timeout 1200
# lab: memory 1100

start_guest a 112 1 mb=32 writes=10
start_pager a
squeeze_to a 40
expect_resident a 40 2 300
free=$(xl info | sed -n 's/^free_memory *: //p')
start_guest b "$((free - 8))" 1 mb=16
squeeze_to a 112
wait_line "$(pager_log a)" 'no memory for a page-in' 200
verify_guest a 1 300
destroy_guest b
expect_resident a 112 3 300
verify_guest a 1 400
destroy_guest a
pass
