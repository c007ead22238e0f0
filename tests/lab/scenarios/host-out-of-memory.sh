# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The host runs out of memory while the guest needs page-ins and its target asks for no
# eviction: other pages go out to make room, and the guest works on.
# lab: timeout 1200
# lab: memory 900

start_guest a 144 1 mb=60
start_pager a
squeeze_to a 44
expect_resident a 44 2 300
free=$(free_memory)
start_guest b "$((free - 8))" 1 mb=16
squeeze_to a 144
wait_line "$(pager_log a)" 'no memory for a page-in' 200
expect_status a page-ins $(( $(status_value a page-ins) + 2000 ))
destroy_guest b
expect_resident a 144 3 300
verify_guest a 2 400
destroy_guest a
pass
