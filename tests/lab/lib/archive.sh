# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Initramfs archives. The kernel reads several, one after the other, from one file; each
# must start at a multiple of four bytes.

# archive DIR: DIR as a newc archive on stdout, everything owned by root.
archive() {
    ( cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 )
}
