# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing-stock, in full.
# lab: timeout 4200

kill_while_thrashing 1 "${kills:-40}"
pass
