# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario unpaged at length.
# lab: timeout 4000

live_unpaged 20
pass
