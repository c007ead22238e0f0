# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# xenpaging-repaired: Xen's own pager with the one repair that lets it work at all.

old_pager_inputs() {
    part xen-source
    part_key
    hash_files "$LAB/old-pager"/*
}

old_pager_make() {
    part xen-source
    "$LAB/old-pager/build" "$PART/tree" "$PWD"
    rm -r xenpaging-source
}
