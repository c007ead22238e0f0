# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing, in full.
# lab: timeout 4200
# lab: hypervisor patched

kill_while_thrashing 2 "${kills:-40}"
pass
