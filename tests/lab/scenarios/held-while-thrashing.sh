# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A program of dom0 that keeps thousands of pages mapped delays nobody else, and its pages go out
# when it lets them go.
# lab: timeout 1200

hold_while_thrashing 6000 10
pass
