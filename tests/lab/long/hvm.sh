# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# An HVM guest with a device model, which reads and writes the guest's memory for the emulated disk, is
# squeezed.
# lab: timeout 1500
# lab: device-model qemu
# lab: boot-disk mb=24 idle_ms=500 disk=/dev/sdb disk_mb=8
# lab: memory 2048
# lab: dom0-memory 900

make_disk_file /run/lab/a.disk 16
start_hvm_guest a 160 1 /run/lab/a.disk
squeezed_disk a
pass
