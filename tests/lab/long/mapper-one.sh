# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario mapper at length, with one of dom0's processors. Of the few pages there most stay, as the
# policy leaves alone what was mapped a moment ago; of these many, most are out when their turn comes.
# lab: timeout 3600
# lab: dom0-cpus 1
# lab: cpus 2
# lab: hypervisor patched

MAPPER_FIRST=$((60 * 256))
MAPPER_PAGES=4096
start_mapper_guest a 1024
run_mapper a 100000 3000 10000 || fail "writes are lost"
destroy_guest a
pass
