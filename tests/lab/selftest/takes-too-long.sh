# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab: timeout 3
# lab-selftest: the scenario took more than 3 s

while :; do sleep 1; done
pass
