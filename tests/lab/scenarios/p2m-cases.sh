# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A patched Xen does right whatever lab-p2m asks of it.
# lab: timeout 900

create_p2m_guest a
expect_p2m a good evict-order lost-write ro-mapping ro-while-mapped log-dirty \
    foreign-resume spin emulated-copy hypercall-arguments drop-sleeps locked-copy reattach \
    balloon-paged balloon-paging-in populate-over-paging-in mapping-over-paged \
    pinned pinned-by-reader writer-cancels guest-cancels granted \
    batch-operations batch-bounds mapper-vs-pager mapper-vs-batches asked-to-unmap
destroy_guest a
pass
