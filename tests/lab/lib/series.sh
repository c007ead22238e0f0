# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The patches for Xen's source. All are one series, but what is built from some directories depends
# on those parts of them alone that touch these: a change to the toolstack's makes no hypervisor anew.

PATCHES=$ROOT/hypervisor-patches

# series DIRS: the patch files that touch one of the directories, in order. A series file has
# comments and empty lines.
series() {
    local patch
    sed -e 's/#.*//' -e 's/[ \t].*//' -e '/^$/d' "$PATCHES/series" | while read -r patch; do
        if [ -n "$(excerpt "$PATCHES/$patch" "$1")" ]; then echo "$PATCHES/$patch"; fi
    done
}

# excerpt PATCH DIRS: those parts of the patch that touch files below one of the directories.
excerpt() {
    awk -v "paths=^b/(${2// /|})/" '/^diff --git / { taken = $4 ~ paths } taken' "$1"
}

# hash_series DIRS: as a part's input.
hash_series() {
    series "$1" | while read -r patch; do excerpt "$patch" "$1"; done | sha256sum
}

# apply_series DIRS TREE
apply_series() {
    local patch
    series "$1" | while read -r patch; do
        echo "applying $patch"
        excerpt "$patch" "$1" | patch -d "$2" -p1 --fuzz=0 --no-backup-if-mismatch
    done
}
