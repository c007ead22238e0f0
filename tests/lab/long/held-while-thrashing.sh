# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario held-while-thrashing with 10,000 pages, for a minute.
# lab: timeout 2400

hold_while_thrashing 10000 60
pass
