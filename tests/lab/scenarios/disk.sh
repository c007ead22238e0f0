# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest whose disk is served by dom0, page by page from its own memory, is squeezed: what it
# grants to the back end may be a page that is out.
# lab: timeout 900

make_disk 16
GUEST_CONFIG=$(disk_config)
start_guest a 128 1 mb=24 idle_ms=500 disk=/dev/xvda disk_mb=8
start_pager a
squeeze_to a 48
expect_resident a 48 2 300
moves_more a 150 400
verify_guest a 1 400
expect_status a page-ins 1
stop_pager a 400
moves_more a 150 400
verify_guest a 1 400
expect_nothing_out a
destroy_guest a
pass
