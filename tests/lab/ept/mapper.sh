# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario mapper on extended page tables, in short: no write of a program of dom0's is lost.
# lab: timeout 600
# lab: machine ept

start_mapper_guest a 56
run_mapper a 1000 100 300 || fail "writes are lost"
destroy_guest a
pass
