# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Disks of guests, on a file in memory: by Linux's back end (xen-blkback), by QEMU's, or emulated.

# make_disk MIB: sets DISK to a device, and loads the back end.
make_disk() {
    grep -q '^xen_blkback ' /proc/modules || insmod /modules/xen-blkback.ko || fail "no xen-blkback"
    grep -q '^loop ' /proc/modules || insmod /modules/loop.ko || fail "no loop device"
    DISK=$(losetup -f)
    make_disk_file "/run/lab/${DISK##*/}" "$1"
    losetup "$DISK" "/run/lab/${DISK##*/}" || fail "losetup failed"
}

# make_disk_file PATH MIB
make_disk_file() {
    dd if=/dev/zero of="$1" bs=1M count="$2" 2>/dev/null
}

# disk_config: the line of a guest's configuration for DISK.
disk_config() {
    echo "disk = [\"format=raw,vdev=xvda,access=rw,backendtype=phy,target=$DISK\"]"
}

# qdisk_config PATH: likewise for a file that QEMU serves.
qdisk_config() {
    echo "disk = [\"format=raw,vdev=xvda,access=rw,backendtype=qdisk,target=$1\"]"
}

# expect_grants NAME BACKEND: guest NAME's disk is served by this back end (vbd, qdisk), which is given the
# guest's own pages: persistent grants would be a few pages that never go out, and copies.
expect_grants() {
    grants_domid=$(guest_domid "$1")
    xenstore-exists "/local/domain/0/backend/$2/$grants_domid/51712" || fail "guest $1 has no $2"
    grants_front=$(xenstore-read "/local/domain/$grants_domid/device/vbd/51712/feature-persistent")
    [ "$grants_front" = 0 ] || fail "the grants of guest $1's disk are persistent"
}

# squeezed_disk NAME: guest NAME, which has 128 MiB and moves 8 MiB of its memory to and from a disk,
# is squeezed, drained, and destroyed.
squeezed_disk() {
    start_pager "$1"
    squeeze_to "$1" 48
    expect_resident "$1" 48 2 300
    moves_more "$1" disk 150 400
    verify_guest "$1" 1 400
    expect_status "$1" page-ins 1
    stop_pager "$1" 400
    moves_more "$1" disk 150 400
    verify_guest "$1" 1 400
    expect_nothing_out "$1"
    destroy_guest "$1"
}
