# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-selftest: the scenario failed: guest a: workload: bad page=5
# The workload damages a page of its own on purpose.

start_guest a 128 1 mb=16 corrupt=5@2
verify_guest a 1 400
pass
