# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# 50 live upgrades in a row, of a pager whose guest thrashes, with a program of dom0 that writes to
# pages of the guest all the while.
# lab: timeout 4200

leave_pages_to_mapper
start_thrashing 2
start_mapping a
hand_over_often "${upgrades:-50}"
stop_mapping
end_thrashing
pass
