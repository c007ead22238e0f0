# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The part of dom0's initramfs that seldom changes: busybox, kernel modules, the kernel
# for guests, the toolstack with its libraries. root/ is the tree, image the archive.

DOM0_TOOLS="xl xenstored xenconsoled xen-init-dom0 xenpaging libxl-save-helper
    xenstore-control xenconsole xenctx xenlockprof xenperf xen-hvmctx xen-mfndump"
DOM0_STORE_TOOLS="xenstore-read xenstore-write xenstore-list xenstore-ls xenstore-rm
    xenstore-exists xenstore-watch xenstore-chmod"

dom0_base_inputs() {
    part kernel
    part_key
    part tools
    part_key
    hash_files "$LAB/lib/closure.sh" "$LAB/lib/archive.sh"
}

dom0_base_make() {
    local kernel tools
    part kernel
    kernel=$PART
    part tools
    tools=$PART
    mkdir root
    ( cd root && dom0_base_tree )
    archive root > image
}

dom0_base_tree() {
    local tool
    mkdir -p bin sbin lib64 dev proc sys run tmp etc/xen usr/sbin usr/bin boot \
        var/lib/xen var/lib/xenstored var/log/xen/console var/lock
    ln -s ../run var/run
    cp "$tools/bin/busybox" bin/busybox
    ln -s busybox bin/sh
    : > etc/xen/xl.conf
    cp -r "$kernel/modules" modules
    cp "$kernel/vmlinux" boot/vmlinux
    for tool in $DOM0_TOOLS; do
        unpacked_closure "$tools" "usr/lib/xen-4.17/bin/$tool"
    done
    for tool in $DOM0_STORE_TOOLS; do
        unpacked_closure "$tools" "usr/bin/$tool"
    done
    # xl's pthread_cancel() loads it at run time and aborts without it.
    unpacked_closure "$tools" "$LIBRARY_PATH/libgcc_s.so.1"
    unpacked_closure "$tools" "$LIBRARY_PATH/ld-linux-x86-64.so.2"
    ln -s "../$LIBRARY_PATH/ld-linux-x86-64.so.2" lib64/
}
