# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Whatever cannot be paged, or is asked for in a wrong way, is refused: one clear line, exit
# code 1, nothing changed.
# lab: timeout 1200

refused 'DOMID: is missing'
refused 'DOMID: more than one' 1 2
refused "DOMID: '1x' is not allowed" 1x
refused "DOMID: '40000' is not allowed" 40000
refused 'DOMID: 0 is dom0 itself' 0
refused 'unknown option' --fast 1
refused 'its value is missing' 1 --store
refused "policy: 'lru' is not allowed .allowed: clock, random, sweep" --policy=lru 1
refused "target: '-1' is not allowed" --target=-1 1
refused "target-min: '5 MiB' is not allowed" '--target-min=5 MiB' 1
refused "store: 'here' is not allowed .allowed: PLACE, memory" --store=here 1
refused 'domain 77: there is no such domain' 77

GUEST_ON_REBOOT=destroy start_guest a 96 1 mb=16
a=$(guest_domid a)
mkdir -p /pages /readonly /full
refused 'is a directory' --store=/pages "$a"
ln -s /run/lab/nowhere /pages/link
refused 'is a symbolic link' --store=/pages/link "$a"
refused 'cannot be opened: No such file or directory' --store=/nowhere/a "$a"
echo mine > /pages/mine
refused 'exists and is not a store of this program' --store=/pages/mine "$a"
[ "$(cat /pages/mine)" = mine ] || fail "a file of the user's was changed"
refused 'is neither a file nor a block device' --store=/dev/null "$a"
mount -t tmpfs -o ro none /readonly
refused 'cannot be opened: Read-only file system' --store=/readonly/a "$a"
mount -t tmpfs -o size=4k none /full
echo > /full/file
refused 'cannot be written: No space left on device' --store=/full/a "$a"
[ "$(ls /full)" = file ] || fail "a store was left on the full disk"
unchanged "$a"
xenstore-write "/libxl/$a/paging/policy" lru
refused "/libxl/$a/paging/policy: 'lru' is not allowed" --store=/pages/a "$a"
xenstore-rm "/libxl/$a/paging"
XENSTORED_PATH=/nowhere refused 'cannot talk to xenstore' "$a"
mount -t tmpfs none /dev/xen
mount -t tmpfs none /proc/xen
refused 'cannot talk to Xen' "$a"
umount /proc/xen
umount /dev/xen
unchanged "$a"

start_pager a
refused 'a pager is attached to it already' --store=/pages/second "$a"
[ "$(pager_state "$a")" = running ] || fail "the first pager's state was changed"
squeeze_to a 80
expect_resident a 80 2 300
verify_guest a 1 400
destroy_guest a
expect_exit "$(pager_pid a)" 0 30

create_paused p pvh 96 192
refused 'it uses populate-on-demand' --store=/pages/p "$(guest_domid p)"
unchanged "$(guest_domid p)"
destroy_guest p

create_paused v pv 96 96
refused 'it is a PV guest' --store=/pages/v "$(guest_domid v)"
destroy_guest v

GUEST_CONFIG='hap = 0' create_paused s pvh 96 96
refused 'it has no hardware-assisted paging' --store=/pages/s "$(guest_domid s)"
unchanged "$(guest_domid s)"
destroy_guest s
pass
