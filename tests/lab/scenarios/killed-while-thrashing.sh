# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# SIGKILL of the pager's worker at random moments, while pages go out and in; of the worker and its
# supervisor; and SIGUSR2, by which the pager makes room for another version. The next one takes
# over, nothing is lost, and the guest works on.
# lab: timeout 1800

start_thrashing 2
kill_workers "${kills:-5}"
kill_both_often "${both:-1}"
hand_over_often "${upgrades:-3}"
end_thrashing
pass
