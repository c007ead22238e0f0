# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A PVH guest runs the workload and its memory is good.

start_guest a 128 1 mb=32
verify_guest a 2 400
destroy_guest a
pass
