# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario mapper at length, with one of dom0's processors.
# lab: timeout 3600
# lab: dom0-cpus 1
# lab: cpus 2
# lab: hypervisor patched

start_mapper_guest a 56
run_mapper a 350000 3000 10000 || fail "writes are lost"
destroy_guest a
pass
