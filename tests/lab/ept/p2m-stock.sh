# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The same cases find the mistakes of a stock Xen there, but for those that are up to chance.
# lab: timeout 400
# lab: machine ept
# lab: hypervisor stock

create_p2m_guest a
expect_p2m a good evict-order
expect_p2m a bad lost-write ro-mapping ro-while-mapped log-dirty foreign-resume \
    pinned pinned-by-reader writer-cancels granted batch-operations batch-bounds \
    balloon-paged balloon-paging-in
destroy_guest a
pass
