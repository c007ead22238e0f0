# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A program of dom0 maps and reads pages of the guest, out or not, while the pager works:
# each of its maps comes to an end, and the guest's memory stays good.
# lab: timeout 1200
# lab: dom0-cpus 2
# lab: cpus 2

start_guest a 112 1 mb=32
start_pager a
squeeze_to a 80
lab-reader "$(guest_domid a)" 28672 1000 > /run/lab/reader.log 2>&1 &
reader=$!
follow_log reader /run/lab/reader.log
expect_exit "$reader" 0 600
verify_guest a 1 400
stop_pager a 400
expect_nothing_out a
verify_guest a 1 400
destroy_guest a
pass
