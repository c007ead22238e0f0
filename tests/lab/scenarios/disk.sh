# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A guest whose disk is served by dom0's kernel, page by page from its own memory, is squeezed: what
# it grants to the back end may be a page that is out.
# lab: timeout 900

make_disk 16
GUEST_CONFIG=$(disk_config)
start_guest a 128 1 mb=24 idle_ms=500 disk=/dev/xvda disk_mb=8
expect_grants a vbd
squeezed_disk a
pass
