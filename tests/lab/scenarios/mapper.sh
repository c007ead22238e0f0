# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A program of dom0 writes through short mappings to pages that the pager takes again and again:
# on a patched Xen none of its writes is lost.
# lab: timeout 600

start_mapper_guest a 56
run_mapper a 3000 200 200 || fail "writes are lost"
destroy_guest a
pass
