# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a scenario asks of the lab, in header lines of its file:
#
#   # lab: timeout SECONDS      limit, from dom0's user space on (default 600)
#   # lab: machine npt|ept      AMD's or Intel's (npt), see machine.sh
#   # lab: cpus N               of the emulated machine (1)
#   # lab: memory MIB           of the emulated machine (1536)
#   # lab: dom0-memory MIB      (700)
#   # lab: dom0-cpus N          (1)
#   # lab: icount N             an instruction takes 2^N ns, neither more nor less
#   # lab: emulator mended      QEMU with the patches of emulator/, in place of Debian's
#   # lab: xen-options WORDS    more of Xen's command line; the last one of a kind counts
#   # lab: hypervisor debug|release|stock|patched    in place of the default
#   # lab: hypervisor debian    Debian's own, without paging
#   # lab: toolstack patched    xl with the series' patches, in place of Debian's
#   # lab: device-model qemu    QEMU in dom0, for HVM guests and disks that it serves
#   # lab: nbd-server nbdkit    in dom0
#   # lab: boot-disk WORDS      /boot/disk in dom0: an HVM guest starts the workload from it, with
#                               these as its parameters
#   # lab: allow REGEX          lines of the logs that are no problem here, may be repeated
#   # lab: panic REGEX          Xen must panic with such a line: this replaces the verdict

# scenario_file NAME: a name in scenarios/ or a path; an @stock or @patched behind it is passed over.
scenario_file() {
    local name=${1%@*}
    if [ -f "$LAB/scenarios/$name.sh" ]; then
        echo "$LAB/scenarios/$name.sh"
    elif [ -f "$name" ]; then
        realpath "$name"
    else
        die "there is no scenario $name"
    fi
}

# scenario_series NAME: stock or patched, if NAME ends with that, else what the command line asks for.
scenario_series() {
    case $1 in
    *@stock|*@patched)  echo "${1##*@}" ;;
    *@*)                die "scenario $1: nothing but @stock or @patched can stand there" ;;
    *)                  echo "$SERIES" ;;
    esac
}

# scenario_asks FILE KEY [DEFAULT]: all values of KEY, or DEFAULT.
scenario_asks() {
    local values
    values=$(sed -n "s/^# lab: $2 \\+//p" "$1")
    echo "${values:-${3-}}"
}

# any_asks KEY SCENARIO...: whether one of them has such a line.
any_asks() {
    local key=$1 scenario
    shift
    for scenario; do
        [ -z "$(scenario_asks "$(scenario_file "$scenario")" "$key")" ] || return 0
    done
    return 1
}
