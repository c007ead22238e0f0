# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The emulated machine. It has a serial port, Xen's console, and a virtio console, the log
# line of dom0 (progs/lab-log.c).

# What is missing from the processor:
#   smap             the emulator lets IRET of ring 3 access memory as a supervisor, so
#                    Xen's SMAP kills a PV dom0
#   rdtscp           the emulator reports its interception as RDTSC's, which Xen cannot emulate
#   xsave, avx, pku  state that the emulator mishandles for nested guests
MACHINE_CPU=max,-smap,-rdtscp,-xsave,-avx,-avx2,-pku
MACHINE_XEN_OPTIONS="console=com1 com1=115200 loglvl=all guest_loglvl=error xsave=0"

check_emulator() {
    local version
    version=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.* version \([0-9]*\.[0-9]*\).*/\1/p')
    [ "$version" = "$QEMU_VERSION" ] ||
        die "qemu-system-x86_64 must be Debian 12's $QEMU_VERSION, this is ${version:-not installed} (run $LAB/deps lab)"
}

# start_machine RUN_DIR CPUS MEMORY XEN_OPTIONS: sets MACHINE to its process. The emulator
# dies with this shell, even if that is killed.
start_machine() {
    setpriv --pdeathsig KILL qemu-system-x86_64 \
        -accel tcg,thread=multi -cpu "$MACHINE_CPU" -smp "$2" -m "$3" \
        -nodefaults -no-reboot -display none -vga none \
        -serial "file:$1/xen.log" \
        -device virtio-serial-pci -chardev "file,id=log,path=$1/stream" -device virtconsole,chardev=log \
        -kernel "$XEN/xen" -append "$MACHINE_XEN_OPTIONS $4" \
        -initrd "$KERNEL/vmlinux console=hvc0 quiet,$1/dom0.cpio" \
        >"$1/qemu.log" 2>&1 </dev/null &
    MACHINE=$!
}

machine_runs() {
    kill -0 "$MACHINE" 2>/dev/null
}

# stop_machine: at once. For the end of a run, whatever the reason.
stop_machine() {
    [ -n "${MACHINE-}" ] || return 0
    kill -KILL "$MACHINE" 2>/dev/null || true
    wait "$MACHINE" 2>/dev/null || true
    MACHINE=
}
