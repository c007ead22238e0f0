# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# xl create with paging=1: the guest is within its target when user space comes up, or 5 s later;
# the daemon and its nodes are as docs/xenstore-paging.md says; xl destroy leaves nothing.
# lab: toolstack patched
# lab: timeout 900

create_and_destroy 3
pass
