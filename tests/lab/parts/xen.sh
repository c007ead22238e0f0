# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A hypervisor with paging: xen-{debug,release}-{stock,patched}.
# Result: xen (what boots), xen-syms (for addresses in a trace), config.
# A stock part also keeps its build tree. Who needs the patched one for debugging needs the stock one
# as well: it starts from a copy of that tree, and compiles only what the patches touch.

xen_inputs() {
    xen_base "$1"
    part_key
    case $1 in
    *-patched)  hash_series xen ;;
    esac
}

# xen_base PART: the part whose tree it is made from.
xen_base() {
    case $1 in
    xen-debug-patched)                                      part xen-debug-stock ;;
    xen-debug-stock|xen-release-stock|xen-release-patched)  part xen-source ;;
    *)                                                      die "no such part: $1" ;;
    esac
}

xen_make() {
    part_of_xen=$1
    xen_base "$1"
    cp -a "$PART/tree" tree
    case $part_of_xen in
    *-patched)  apply_series xen tree ;;
    esac
    [ -f tree/xen/.config ] || xen_configure
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
