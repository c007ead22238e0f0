# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A stock debug Xen panics when a guest gives up a page while the ring is full: it sleeps with a lock.
# lab: timeout 200
# lab: hypervisor debug stock
# lab: panic Assertion '.*' failed

create_p2m_guest a
expect_p2m a good drop-sleeps
