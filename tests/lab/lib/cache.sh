# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Heavy artefacts, shared by all checkouts of a user: one directory
# $CACHE/<part>-<hash of all its inputs> each, complete from the moment it exists.
#
# A part's recipe is parts/<recipe>.sh with two functions, both given the part's name:
#   <recipe>_inputs   prints whatever the result depends on (other than the recipe itself);
#   <recipe>_make     makes the part in the current, empty directory.

recipe_of() {
    case $1 in
    xen-source|xen-debian)  echo "$1" ;;
    xen-*)                  echo xen ;;
    *)                      echo "$1" ;;
    esac
}

# hash_files FILE...: their names and contents, as a part's input.
hash_files() {
    sha256sum -- "$@" | sed "s| \\*\\?$ROOT/| |"
}

# part_key: the part made last, as an input of another.
part_key() {
    echo "${PART##*/}"
}

# part NAME: makes it unless it is in the cache; PART is then its directory.
part() {
    local name=$1 recipe function key
    recipe=$(recipe_of "$name")
    [ -f "$LAB/parts/$recipe.sh" ] || die "no such part: $name"
    function=${recipe//-/_}
    # shellcheck source=/dev/null
    . "$LAB/parts/$recipe.sh"
    key=$({ "${function}_inputs" "$name"; hash_files "$LAB/parts/$recipe.sh"; } | sha256sum)
    PART=$CACHE/$name-${key:0:16}
    [ -d "$PART" ] || make_part "$name" "$PART" "${function}_make"
    touch "$PART"
    [ ! -f "$PART/note" ] || say "$name: $(cat "$PART/note")"
}

# The lock makes a second run wait for the first instead of doing the same work; the
# rename makes a part appear complete or not at all. What a failure left is removed by
# the next try.
make_part() {
    local name=$1 dir=$2 function=$3 lock temporary
    exec {lock}>"$CACHE/$name.lock"
    flock -n "$lock" || { say "waiting for another run that makes $name"; flock "$lock"; }
    if [ ! -d "$dir" ]; then
        rm -rf "$CACHE/tmp.$name".*
        temporary=$(mktemp -d "$CACHE/tmp.$name.XXXXXX")
        run_logged "making $name" "$OUT/logs/$name.log" make_part_in "$temporary" "$function" "$name"
        chmod 755 "$temporary"
        mv -T "$temporary" "$dir"
        forget_old_parts "$name"
    fi
    exec {lock}>&-
}

make_part_in() {
    cd "$1" || return
    "$2" "$3"
}

# What no run has used for two weeks goes; called with the part's lock held.
forget_old_parts() {
    find "$CACHE" -maxdepth 1 -mtime +14 -name "$1-????????????????" -exec rm -rf {} +
}
