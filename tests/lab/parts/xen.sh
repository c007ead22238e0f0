# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A hypervisor with paging: xen-{debug,release}-{stock,patched}.
# Result: xen (what boots), xen-syms (for addresses in a trace), config.
# A stock part also keeps its build tree: a patched one starts from a copy of it and
# compiles only what the patches touch.

PATCHES=$ROOT/hypervisor-patches

xen_inputs() {
    case $1 in
    xen-debug-stock|xen-release-stock)
        part xen-source
        ;;
    xen-debug-patched|xen-release-patched)
        part "${1%-patched}-stock"
        xen_series | while read -r patch; do hash_files "$patch"; done
        ;;
    *)
        die "no such part: $1"
        ;;
    esac
    part_key
}

xen_make() {
    part_of_xen=$1
    case $part_of_xen in
    *-stock)    part xen-source ;;
    *-patched)  part "${part_of_xen%-patched}-stock" ;;
    esac
    cp -a "$PART/tree" tree
    case $part_of_xen in
    *-stock)    xen_configure ;;
    *-patched)  xen_patch ;;
    esac
    make -C tree/xen -j2
    cp tree/xen/xen tree/xen/xen-syms .
    cp tree/xen/.config config
    case $part_of_xen in
    *-patched)  rm -rf tree ;;
    esac
}

xen_configure() {
    local debug=n
    case $part_of_xen in
    xen-debug-*) debug=y ;;
    esac
    make -C tree/xen olddefconfig
    printf 'CONFIG_%s\n' EXPERT=y UNSUPPORTED=y MEM_PAGING=y DEBUG=$debug >> tree/xen/.config
    make -C tree/xen olddefconfig
    grep -x CONFIG_MEM_PAGING=y tree/xen/.config
}

# xen_series: the patch files in order; a series file has comments and empty lines.
xen_series() {
    [ ! -f "$PATCHES/series" ] ||
        sed -e 's/#.*//' -e 's/[ \t].*//' -e '/^$/d' -e "s|^|$PATCHES/|" "$PATCHES/series"
}

xen_patch() {
    xen_series > series
    while read -r patch; do
        echo "applying $patch"
        patch -d tree -p1 --no-backup-if-mismatch < "$patch"
    done < series
}
