# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The patches for Xen's source. All are one series, but what is built from a directory depends
# on those alone that touch it: a change to the toolstack's makes no hypervisor anew.

PATCHES=$ROOT/hypervisor-patches

# series DIR: the patch files that touch DIR (xen or tools), in order. A series file has
# comments and empty lines.
series() {
    local patch
    sed -e 's/#.*//' -e 's/[ \t].*//' -e '/^$/d' "$PATCHES/series" | while read -r patch; do
        if grep -q "^+++ b/$1/" "$PATCHES/$patch"; then echo "$PATCHES/$patch"; fi
    done
}

# hash_series DIR: as a part's input.
hash_series() {
    series "$1" | while read -r patch; do hash_files "$patch"; done
}

# apply_series DIR TREE
apply_series() {
    local patch
    series "$1" > patches
    while read -r patch; do
        echo "applying $patch"
        patch -d "$2" -p1 --no-backup-if-mismatch < "$patch"
    done < patches
}
