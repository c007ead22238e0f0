# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Xen's QEMU, as the device model of HVM guests and as the back end of PV disks, with its libraries
# and what it reads at its start: beyond dom0-base, for those scenarios that ask for it. root/ is
# the tree, image the archive.

DEVICE_MODEL_PACKAGES="qemu-system-xen qemu-system-data seabios
    libblkid1 libcap2 libdw1 libelf1 libffi8 libglib2.0-0 libgstreamer-plugins-base1.0-0 libgstreamer1.0-0
    libjpeg62-turbo liblz4-1 libmount1 libopus0 liborc-0.4-0 libpcre2-8-0 libpixman-1-0 libsasl2-2
    libselinux1 libspice-server1 libssl3 libstdc++6 libudev1 libunwind8 libusb-1.0-0"

# Without the keymap it does not start, though there is no display.
DEVICE_MODEL_FILES="usr/lib/xen-4.17/boot/hvmloader usr/share/seabios/bios-256k.bin
    usr/share/qemu/keymaps/en-us"

device_model_inputs() {
    part dom0-base
    part_key
    # shellcheck disable=SC2086
    apt_versions $DEVICE_MODEL_PACKAGES
}

device_model_make() {
    local base tools deb
    part dom0-base
    base=$PART
    part tools
    tools=$PART
    # shellcheck disable=SC2086
    apt_download $DEVICE_MODEL_PACKAGES
    cp -a "$tools" all
    for deb in *.deb; do dpkg-deb -x "$deb" all; done
    mkdir root
    ( cd root && device_model_tree "$base/root" )
    archive root > image
    rm -rf ./*.deb all
}

# device_model_tree BASE: into the current directory.
device_model_tree() {
    local file
    for file in usr/libexec/xen-qemu-system-i386 $DEVICE_MODEL_FILES; do
        unpacked_closure ../all "$file"
    done
    find . ! -type d | while read -r file; do
        [ ! -e "$1/$file" ] || rm "$file"
    done
}
