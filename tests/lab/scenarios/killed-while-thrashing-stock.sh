# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The same on a stock Xen, where what nobody knows to be waited for comes in as a whole. With one
# vCPU: two can bring this Xen down without any pager dying (README, Limits).
# lab: timeout 1800

kill_while_thrashing 1 "${kills:-4}"
pass
