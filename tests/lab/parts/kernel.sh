# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian's kernel for dom0 and guests, unpacked and never installed:
# vmlinux and the few modules that a dom0 or a guest with PV devices loads.

kernel_package() {
    apt_ready
    apt_run apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }'
}

kernel_inputs() {
    apt_versions linux-image-amd64
}

KERNEL_MODULES="xen-evtchn xen-privcmd xen-gntdev xen-gntalloc xenfs
    virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_console
    loop xen-blkback xen-netback xen-blkfront xen-netfront"

kernel_make() {
    local module
    apt_download "$(kernel_package)"
    dpkg-deb --fsys-tarfile ./*.deb | tar -x ./boot ./lib/modules
    mkdir modules
    for module in $KERNEL_MODULES; do
        find lib -name "$module.ko" -exec mv -t modules {} +
        [ -f "modules/$module.ko" ]
    done
    unpack_vmlinux boot/vmlinuz-* > vmlinux
    rm -r ./*.deb boot lib
}

# unpack_vmlinux BZIMAGE: the kernel proper, on stdout: Xen and xl would take five seconds
# to unpack it, at every boot. Where it is: the kernel's Documentation/x86/boot.rst. After
# the xz stream come four bytes that are not xz's.
unpack_vmlinux() {
    local setup offset length
    setup=$(od -An -tu1 -j $((0x1f1)) -N 1 "$1")
    offset=$(od -An -tu4 -j $((0x248)) -N 4 "$1")
    length=$(od -An -tu4 -j $((0x24c)) -N 4 "$1")
    offset=$((offset + (setup + 1) * 512))
    head -c $((offset + length - 4)) "$1" | tail -c +$((offset + 1)) | xz -dc
}
