# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Scenario p2m-cases on extended page tables. Left out are the cases in which a guest of a few
# instructions runs: the emulated machine halts at once, whatever Xen it has.
# lab: timeout 400
# lab: machine ept

create_p2m_guest a
expect_p2m a good evict-order lost-write ro-mapping ro-while-mapped log-dirty foreign-resume \
    balloon-paged balloon-paging-in populate-over-paging-in mapping-over-paged \
    pinned pinned-by-reader writer-cancels granted batch-operations batch-bounds \
    mapper-vs-pager mapper-vs-batches
destroy_guest a
pass
