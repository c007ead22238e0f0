# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# xl create refuses what cannot be paged, and fails when the daemon does not start: one line says
# why, and no domain, process or file is left.
# lab: toolstack patched
# lab: timeout 900

mkdir -p /var/lib/xen/xenpaging /pages /full
refused_paging 'cannot be paged: it is a PV guest' pv 96 96
refused_paging 'cannot be paged: it has no hardware-assisted paging' pvh 96 96 'hap = 0'
refused_paging 'cannot be paged: it uses populate-on-demand' pvh 96 192
refused_paging 'cannot be paged: it uses altp2m' pvh 96 96 'altp2m = "external"'
refused_paging 'cannot be paged: it uses nested virtualisation' pvh 96 96 'nestedhvm = 1'
refused_paging '204800 KiB is larger than the domain.s memory of 98304' pvh 96 96 'paging_target = 200'
refused_paging "policy: 'lru' is not allowed" pvh 96 96 'paging_policy = "lru"'
refused_paging 'fast: unknown option' pvh 96 96 'paging_args = [ "--fast" ]'

refused_paging 'cannot be opened: No such file or directory' pvh 96 96 'paging_store = "/nowhere/a"'
mount -t tmpfs -o size=4k none /full
echo > /full/file
refused_paging 'cannot be written: No space left on device' pvh 96 96 'paging_store = "/full/a"'
[ "$(ls /full)" = file ] || fail "a store was left on the full disk"
rmdir /var/lib/xen/xenpaging
refused_paging 'cannot be opened: No such file or directory' pvh 96 96
mkdir /var/lib/xen/xenpaging

export LIBXL_PAGING_DAEMON=/nowhere/xenpaging2
refused_paging 'cannot execute the paging daemon /nowhere/xenpaging2: No such file' pvh 96 96
stand_in mode ':'
chmod 644 /run/lab/mode/xenpaging2
LIBXL_PAGING_DAEMON=/run/lab/mode/xenpaging2
refused_paging 'cannot execute .*: Permission denied' pvh 96 96
stand_in gives-up 'echo the store is on fire' 'exit 3'
LIBXL_PAGING_DAEMON=/run/lab/gives-up/xenpaging2
refused_paging 'paging daemon: the store is on fire' pvh 96 96
stand_in killed 'kill -KILL $$'
LIBXL_PAGING_DAEMON=/run/lab/killed/xenpaging2
refused_paging 'paging daemon .*: died during startup due to fatal signal Killed' pvh 96 96
stand_in ends 'exit 0'
LIBXL_PAGING_DAEMON=/run/lab/ends/xenpaging2
refused_paging 'paging daemon .*: unexpectedly exited with exit status 0' pvh 96 96
stand_in hangs 'while :; do read -r line < /run/lab/never; done'
mkfifo /run/lab/never
LIBXL_PAGING_DAEMON=/run/lab/hangs/xenpaging2
refused_paging 'paging daemon: said nothing' pvh 96 96
pass
