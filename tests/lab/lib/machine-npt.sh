# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The machine with nested page tables, by QEMU. Its log line is a virtio console.

npt_slowness=1

# What is missing from the processor:
#   smap             the emulator lets IRET of ring 3 access memory as a supervisor, so
#                    Xen's SMAP kills a PV dom0
#   rdtscp           the emulator reports its interception as RDTSC's, which Xen cannot emulate
#   xsave, avx, pku  state that the emulator mishandles for nested guests
NPT_CPU=max,-smap,-rdtscp,-xsave,-avx,-avx2,-pku

npt_check() {
    local version
    version=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.* version \([0-9]*\.[0-9]*\).*/\1/p')
    [ "$version" = "$QEMU_VERSION" ] ||
        die "qemu-system-x86_64 must be Debian 12's $QEMU_VERSION, this is ${version:-not installed} (run $LAB/deps lab)"
}

npt_prepare() {
    :
}

# When instructions are counted, a string instruction counts for each of its steps. With erms,
# copies would be made in steps of a byte, and nothing else would count much.
npt_start() {
    local emulator=qemu-system-x86_64 processor="-accel tcg,thread=multi -cpu $NPT_CPU"
    [ -z "$6" ] || emulator="$MENDED_EMULATOR -L /usr/share/qemu -L /usr/share/seabios -L /usr/lib/ipxe/qemu"
    [ -z "$5" ] || processor="-accel tcg,thread=single -icount shift=$5,sleep=off -cpu $NPT_CPU,-erms"
    # shellcheck disable=SC2086
    setpriv --pdeathsig KILL $emulator $processor -smp "$2" -m "$3" \
        -nodefaults -no-reboot -display none -vga none \
        -serial "file:$1/xen.log" \
        -device virtio-serial-pci -chardev "file,id=log,path=$1/stream" -device virtconsole,chardev=log \
        -kernel "$XEN/xen" -append "$MACHINE_XEN_OPTIONS xsave=0 $4" \
        -initrd "$KERNEL/vmlinux $DOM0_OPTIONS,$1/dom0.cpio" \
        >"$1/emulator.log" 2>&1 </dev/null &
    MACHINE=$!
}
