/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The batch operation of XENMEM_paging_op, which the hypervisor in hypervisor-patches/ has and a
 * stock one has not: what its public memory.h says of it, for the headers of a stock Xen too.
 *
 * .buffer is the address of an array of entries and .gfn their number. Xen moves both on when it
 * interrupts the call to go on later. It returns 0 when every entry was processed, whose outcome is
 * then in its rc, or a negative errno for the whole call. With no entries it returns the features.
 */
#ifndef XENPAGING2_XEN_PAGING_BATCH_H
#define XENPAGING2_XEN_PAGING_BATCH_H

#include <stdint.h>

#include <xenctrl.h>
#include <xen/memory.h>

#ifndef XENMEM_paging_op_batch
#define XENMEM_paging_op_batch 3

struct xen_mem_paging_batch_entry {
    uint64_aligned_t gfn;
    XEN_GUEST_HANDLE_64(uint8) buffer; /* one page, at any address; or NULL */
    uint32_t op;                       /* IN: XENMEM_paging_batch_* */
    int32_t rc;                        /* OUT: 0, a state (query), or a negative errno */
};
#endif

/* More entries than this are -E2BIG. */
#ifndef XENMEM_PAGING_BATCH_MAX
#define XENMEM_PAGING_BATCH_MAX 1024
#endif

/* buffer gets a copy, taken when the guest cannot write any more. */
#ifndef XENMEM_paging_batch_nominate
#define XENMEM_paging_batch_nominate 0
#endif
#ifndef XENMEM_paging_batch_evict
#define XENMEM_paging_batch_evict 1
#endif
/* buffer has the contents, if a frame has to be allocated. */
#ifndef XENMEM_paging_batch_prep
#define XENMEM_paging_batch_prep 2
#endif
/* Undoes a nomination in place. */
#ifndef XENMEM_paging_batch_cancel
#define XENMEM_paging_batch_cancel 3
#endif
/* Its rc is one of the states below. */
#ifndef XENMEM_paging_batch_query
#define XENMEM_paging_batch_query 4
#endif
/* Asks device models to drop the mappings that they cache. It says nothing of a page. */
#ifndef XENMEM_paging_batch_invalidate
#define XENMEM_paging_batch_invalidate 5
#endif

#ifndef XENMEM_paging_state_none
#define XENMEM_paging_state_none 0 /* not RAM */
#endif
#ifndef XENMEM_paging_state_resident
#define XENMEM_paging_state_resident 1
#endif
#ifndef XENMEM_paging_state_nominated
#define XENMEM_paging_state_nominated 2
#endif
#ifndef XENMEM_paging_state_paged
#define XENMEM_paging_state_paged 3
#endif
#ifndef XENMEM_paging_state_wanted
#define XENMEM_paging_state_wanted 4 /* paged out and asked for */
#endif
#ifndef XENMEM_paging_state_returning
#define XENMEM_paging_state_returning 5 /* asked for, its frame there: prep completes it */
#endif

#ifndef XENMEM_paging_feature_batch
#define XENMEM_paging_feature_batch (1u << 0)
#endif
/* Mappings pin a page, and its writers and the guest cancel a nomination: no write is lost. */
#ifndef XENMEM_paging_feature_pins
#define XENMEM_paging_feature_pins (1u << 1)
#endif
/* The event channel tells when the last pin of a page goes that was refused for it. */
#ifndef XENMEM_paging_feature_doorbell
#define XENMEM_paging_feature_doorbell (1u << 2)
#endif
/* XEN_VM_EVENT_ENABLE replaces the ring of a pager that died. */
#ifndef XENMEM_paging_feature_reattach
#define XENMEM_paging_feature_reattach (1u << 3)
#endif
/* There is XENMEM_paging_batch_invalidate. */
#ifndef XENMEM_paging_feature_invalidate
#define XENMEM_paging_feature_invalidate (1u << 5)
#endif

#endif
