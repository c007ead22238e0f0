# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A stock debug Xen panics when a new page takes the place of one that is out and was asked for.
# lab: timeout 200
# lab: hypervisor debug stock
# lab: panic Assertion '.*' failed at arch/x86/mm/p2m.c

create_p2m_guest a
expect_p2m a good populate-over-paging-in
