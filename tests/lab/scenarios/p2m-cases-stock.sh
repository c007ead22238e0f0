# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The cases of lab-p2m find the mistakes of a stock Xen: proof that they can fail.
# lab: timeout 900
# lab: hypervisor stock

create_p2m_guest a
expect_p2m a good evict-order
# From 80 MiB on.
lab-mapper "$(guest_domid a)" $((80 * 256)) 64 400 || fail "writes are lost without a pager"
expect_p2m a bad lost-write ro-mapping ro-while-mapped log-dirty \
    foreign-resume spin emulated-copy hypercall-arguments \
    pinned pinned-by-reader writer-cancels guest-cancels granted \
    batch-operations batch-bounds mapper-vs-pager mapper-vs-batches asked-to-unmap \
    balloon-paged balloon-paging-in reattach
destroy_guest a
pass
