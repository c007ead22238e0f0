# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Which shared libraries an image needs.

LIBRARY_PATH=lib/x86_64-linux-gnu

# unpacked_closure TREE FILE...: copies FILEs (paths below TREE) and all libraries they
# name, recursively, from the unpacked packages in TREE into the current directory.
unpacked_closure() {
    local tree=$1 file library
    shift
    for file; do
        [ ! -e "$file" ] || continue
        mkdir -p "${file%/*}"
        cp -L "$tree/$file" "$file"
        for library in $(needed_libraries "$file"); do
            unpacked_closure "$tree" "$(find_library "$tree" "$library")"
        done
    done
}

needed_libraries() {
    objdump -p "$1" 2>/dev/null | awk '/^  NEEDED/ { print $2 }'
}

find_library() {
    local dir
    for dir in usr/$LIBRARY_PATH $LIBRARY_PATH lib64; do
        if [ -e "$1/$dir/$2" ]; then
            echo "$dir/$2"
            return
        fi
    done
    die "no package of the dom0 image provides $2"
}

# host_closure BASE DEST FILE...: copies FILEs that were built on this machine to DEST
# (below the current directory), with those of their libraries that the tree BASE lacks.
host_closure() {
    local base=$1 dest=$2 file
    shift 2
    mkdir -p "$dest" "$LIBRARY_PATH"
    for file; do
        cp "$file" "$dest/"
        ldd "$file" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'
    done | sort -u | while read -r file; do
        find_in_base "$base" "${file##*/}" || cp -L "$file" "$LIBRARY_PATH/"
    done
}

find_in_base() {
    [ -e "$1/usr/$LIBRARY_PATH/$2" ] || [ -e "$1/$LIBRARY_PATH/$2" ]
}
