# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# xl save while pages go out and in: nothing is lost, and the guest stays near its target.
# lab: timeout 4000
# lab: toolstack patched

save_thrashing 1
pass
