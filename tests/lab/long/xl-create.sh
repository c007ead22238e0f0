# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario xl-create at length.
# lab: toolstack patched
# lab: timeout 4000

create_and_destroy 20
pass
