# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The emulated machine. It has a serial port, Xen's console, and a log line of dom0
# (progs/lab-log.c). There are two kinds, each in a file of its own:
#   npt   AMD SVM with nested page tables, by QEMU
#   ept   Intel VMX with extended page tables, by Bochs
# A kind has
#   <kind>_check          dies unless its emulator is installed
#   <kind>_prepare        makes the cached parts that only this kind needs
#   <kind>_start RUN_DIR CPUS MEMORY XEN_OPTIONS ICOUNT EMULATOR
#                         sets MACHINE to the emulator's process, which dies with this shell,
#                         even if that is killed. Xen's console goes to RUN_DIR/xen.log, the
#                         log line to RUN_DIR/stream, complaints to RUN_DIR/emulator.log.
#                         Unless ICOUNT is empty, an instruction takes 2^ICOUNT ns and the TSC
#                         counts these. (Bochs' counts instructions anyway.) EMULATOR is "mended"
#                         or empty.
#   <kind>_slowness       seconds of ours that one second inside takes: limits are stretched by it

. "$LAB/lib/machine-npt.sh"
. "$LAB/lib/machine-ept.sh"

MACHINE_XEN_OPTIONS="console=com1 com1=115200 loglvl=all guest_loglvl=error"
# The kernel's tests of its own cryptography take most of its start.
DOM0_OPTIONS="console=hvc0 quiet cryptomgr.notests=1"

# machine_for FILE: the kind that a scenario runs on; the command line counts more.
machine_for() {
    local kind=${KIND:-$(scenario_asks "$1" machine npt)}
    case $kind in
    npt|ept)    echo "$kind" ;;
    *)          die "$1: there is no machine $kind" ;;
    esac
}

# stretched KIND SECONDS: a limit in seconds inside, in ours.
stretched() {
    local slowness=${1}_slowness
    echo $(($2 * ${!slowness}))
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
