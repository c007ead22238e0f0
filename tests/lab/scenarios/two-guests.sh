# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Two guests, each with a pager of its own, both squeezed and both well.
# lab: timeout 1200

start_guest a 96 1 mb=16
start_guest b 96 1 mb=16
start_pager a
start_pager b
squeeze_to a 60
squeeze_to b 60
expect_resident a 60 2 300
expect_resident b 60 2 300
verify_guest a 1 400
verify_guest b 1 400
stop_pager a 400
verify_guest b 1 400
destroy_guest b
expect_exit "$(pager_pid b)" 0 30
expect_nothing_out a
pass
