# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# qemu-system-x86_64 of Debian's source with the patches in ../emulator, and with no more devices than the lab's
# machine has. It uses the firmware of Debian's package.

emulator_inputs() {
    echo "$QEMU_VERSION"
    hash_files "$LAB/emulator"/*
}

emulator_make() {
    apt_ready
    emulator_fetch || { apt_update; emulator_fetch; }
    emulator_build
    mv tree/build/qemu-system-x86_64 .
    rm -r tree
}

emulator_fetch() {
    rm -rf ./*
    apt_run apt-get source --download-only qemu || return 1
    dpkg-source --no-check -x ./qemu_*.dsc tree || return 1
    rm ./qemu_*
}

emulator_build() {
    cat "$LAB/emulator"/*.patch | patch -d tree -p1
    cp "$LAB/emulator/lab.mak" tree/configs/devices/x86_64-softmmu/
    mkdir tree/build
    (
        cd tree/build || exit
        ../configure --target-list=x86_64-softmmu --without-default-features --enable-tcg --disable-tools \
            --disable-docs --disable-werror --without-default-devices --with-devices-x86_64=lab
        ninja qemu-system-x86_64
    )
}
