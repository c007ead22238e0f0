# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing with pages that are encrypted and on an NBD server: the supervisor has the
# key for the worker that follows, and gives it to another version's. The server is killed, too.
# lab: timeout 4200
# lab: nbd-server nbdkit

start_nbd_server a 192
start_thrashing 2 "--store=$(nbd_store a)"
kill_workers "${kills:-10}"
nbd_refaults=$(status_value a refaults)
restart_nbd_server a 3
expect_status a refaults $((nbd_refaults + 200))
hand_over_often "${upgrades:-5}"
end_thrashing
pass
