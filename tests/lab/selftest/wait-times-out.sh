# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-selftest: waited 2 s for 'never' in /run/lab/x.log; seen last: something else

echo "something else" > /run/lab/x.log
wait_line /run/lab/x.log never 2
pass
