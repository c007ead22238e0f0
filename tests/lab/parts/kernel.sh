# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Debian's kernel for dom0 and guests, unpacked and never installed:
# vmlinux and the few modules that a dom0 or a guest with PV devices loads; for a guest that has an
# emulated disk, vmlinuz, which a boot loader can load, and modules-ahci/, in the order of AHCI_MODULES.

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

AHCI_MODULES="crct10dif_common crct10dif_generic crc-t10dif crc64 crc64_rocksoft_generic crc64-rocksoft
    t10-pi scsi_common scsi_mod sd_mod libata libahci ahci"

kernel_make() {
    apt_download "$(kernel_package)"
    dpkg-deb --fsys-tarfile ./*.deb | tar -x ./boot ./lib/modules
    # shellcheck disable=SC2086
    take_modules modules $KERNEL_MODULES
    # shellcheck disable=SC2086
    take_modules modules-ahci $AHCI_MODULES
    cp boot/vmlinuz-* vmlinuz
    unpack_vmlinux vmlinuz > vmlinux
    rm -r ./*.deb boot lib
}

# take_modules DIR NAME...
take_modules() {
    local dir=$1 module
    shift
    mkdir "$dir"
    for module; do
        find lib -name "$module.ko" -exec mv -t "$dir" {} +
        [ -f "$dir/$module.ko" ]
    done
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
