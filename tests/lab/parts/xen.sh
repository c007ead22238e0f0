# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A hypervisor with paging: xen-{debug,release}-{stock,patched}.
# Result: xen (what boots), xen-syms (for addresses in a trace), config.
# A stock part also keeps its build tree: a patched one starts from a copy of it and
# compiles only what the patches touch.

xen_inputs() {
    case $1 in
    xen-debug-stock|xen-release-stock)
        part xen-source
        ;;
    xen-debug-patched|xen-release-patched)
        part "${1%-patched}-stock"
        hash_series xen
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
    *-patched)  apply_series xen tree ;;
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
