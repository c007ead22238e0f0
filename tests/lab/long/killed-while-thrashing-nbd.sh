# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario killed-while-thrashing with pages that are encrypted and on an NBD server: the supervisor has the
# key for the worker that follows, and gives it to another version's. The server is killed, too.
# lab: timeout 4200
# lab: nbd-server nbdkit

thrash_over_nbd 2 "${kills:-10}" "${upgrades:-5}"
pass
