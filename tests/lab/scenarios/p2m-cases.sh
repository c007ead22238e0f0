# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A patched Xen does right whatever lab-p2m asks of it.
# lab: timeout 200
# lab: hypervisor patched

create_p2m_guest a
expect_p2m a good evict-order lost-write ro-mapping ro-while-mapped log-dirty
expect_p2m a good foreign-resume spin emulated-copy drop-sleeps reattach
expect_p2m a good batch-operations batch-bounds
expect_p2m a good pinned pinned-by-reader writer-cancels guest-cancels granted
expect_p2m a good mapper-vs-pager mapper-vs-batches
expect_p2m a good balloon-paged balloon-paging-in populate-over-paging-in mapping-over-paged
destroy_guest a
pass
