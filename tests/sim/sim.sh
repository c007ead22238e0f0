# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scripts here start with; SIM is the directory tests/sim. Debian's xenstored and old
# pagers are those of the lab, unpacked and not installed.

LAB=$(cd "$SIM/../lab" && pwd)
. "$LAB/lib/lab.sh"

SIM_BUILD=$ROOT/build/tests/sim

# sim_setup: the environment that simxen needs.
sim_setup() {
    part tools
    SIM_TOOLS=$PART/usr/lib/xen-4.17/bin
    export SIM_XENSTORED=$SIM_TOOLS/xenstored
    export SIM_SHIM=$SIM_BUILD/xenstored_shim.so
    export SIM_LIBRARIES=$SIM_BUILD/lib
    export SIM_PAGER=${SIM_PAGER:-$ROOT/build/xenpaging2}
}

# sim_tell KIND STORY...: runs simxen in a new directory, which goes unless it failed. The limit bounds a hang:
# the longest story takes half a minute.
sim_tell() {
    local dir
    dir=$(mktemp -d "${TMPDIR:-/tmp}/simxen.XXXXXX")
    if timeout -k 5 600 "$SIM_BUILD/simxen" "$dir" "$@"; then
        rm -rf "$dir"
        return 0
    fi
    say "simxen $* failed; its logs are in $dir"
    return 1
}
