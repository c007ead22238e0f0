# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-selftest: gave no verdict
# A command that fails ends the scenario before it can pass.

xl domid no-such-guest
pass
