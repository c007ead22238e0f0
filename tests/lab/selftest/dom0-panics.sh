# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-selftest: problem in the logs: xen.log:.*Kernel panic
# The verdict is there before dom0's kernel dies.

verdict pass ""
echo 1 > /proc/sys/kernel/panic
echo c > /proc/sysrq-trigger
