# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario mapper at length, with two of dom0's processors.
# lab: timeout 3600
# lab: dom0-cpus 2
# lab: cpus 2

map_at_length
pass
