# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The kernel once more, for a machine on which it takes long to read: vmlinux.gz.

kernel_gz_inputs() {
    part kernel
    part_key
}

kernel_gz_make() {
    part kernel
    gzip -9 < "$PART/vmlinux" > vmlinux.gz
}
