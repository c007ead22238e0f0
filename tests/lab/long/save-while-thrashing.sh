# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario save-while-thrashing at length.
# lab: timeout 20000
# lab: toolstack patched

save_thrashing 10
pass
