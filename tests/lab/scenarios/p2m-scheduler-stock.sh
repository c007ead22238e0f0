# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A stock debug Xen panics when it switches away from a vCPU that waits for room in the ring and
# the area for its run state is out too.
# lab: timeout 600
# lab: hypervisor debug stock
# lab: panic Assertion 'wqv->esp == 0' failed

start_guest a 96 2 mb=8
expect_p2m a good scheduler
