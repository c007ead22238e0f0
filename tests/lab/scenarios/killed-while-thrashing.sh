# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# SIGKILL of the pager's worker at random moments, while pages go out and in: the next one takes
# over, nothing is lost, and the guest works on.
# lab: timeout 1800
# lab: hypervisor patched

kill_while_thrashing 2 "${kills:-8}"
pass
