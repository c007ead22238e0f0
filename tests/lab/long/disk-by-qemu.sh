# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# As disk, but the disk is served by QEMU in dom0 (qdisk).
# lab: timeout 900
# lab: device-model qemu
# lab: memory 2048
# lab: dom0-memory 900

make_disk_file /run/lab/a.disk 16
GUEST_CONFIG=$(qdisk_config /run/lab/a.disk)
start_guest a 128 1 mb=24 idle_ms=500 disk=/dev/xvda disk_mb=8
expect_grants a qdisk
squeezed_disk a
pass
