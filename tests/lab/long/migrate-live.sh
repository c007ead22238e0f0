# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario migrate-live at length.
# lab: timeout 20000
# lab: toolstack patched

migrate_thrashing 5
pass
