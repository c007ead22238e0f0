# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# xl migrate of a guest whose pages go out and in, from the host to itself: what is written meanwhile
# arrives, nothing is lost, and the guest stays near its target.
# lab: timeout 4000
# lab: toolstack patched

migrate_thrashing 1
pass
