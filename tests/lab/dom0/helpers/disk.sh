# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Disks of guests, by Linux's back end (xen-blkback) on a file in memory.

# make_disk MIB: sets DISK to a device, and loads the back end.
make_disk() {
    grep -q '^xen_blkback ' /proc/modules || insmod /modules/xen-blkback.ko || fail "no xen-blkback"
    grep -q '^loop ' /proc/modules || insmod /modules/loop.ko || fail "no loop device"
    DISK=$(losetup -f)
    dd if=/dev/zero of="/run/lab/${DISK##*/}" bs=1M count="$1" 2>/dev/null
    losetup "$DISK" "/run/lab/${DISK##*/}" || fail "losetup failed"
}

# disk_config: the line of a guest's configuration for DISK.
disk_config() {
    echo "disk = [\"format=raw,vdev=xvda,access=rw,backendtype=phy,target=$DISK\"]"
}

# disk_moves NAME: how many pages its disk thread has moved.
disk_moves() {
    sed -n 's/^workload: disk moves=\([0-9]*\) .*/\1/p' "$(guest_console "$1")" | tail -n 1
}

# moves_more NAME COUNT SECONDS: so many more pages are moved, all good.
moves_more() {
    moves_to=$(( $(disk_moves "$1") + $2 ))
    wait_until "$moves_to pages moved by the disk of guest $1" "$3" has_moved "$1" "$moves_to"
    ! grep '^workload: error' "$(guest_console "$1")" || fail "guest $1 has a bad disk"
    note "guest $1: $SEEN"
}

has_moved() {
    SEEN="$(disk_moves "$1") pages moved"
    [ "${SEEN%% *}" -ge "$2" ]
}
