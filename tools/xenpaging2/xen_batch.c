/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of a batch in one hypercall (xen_paging_batch.h).
 *
 * The guest is not paused around nominations, as it has to be on a stock Xen. A hypercall of the
 * guest that finds its arguments on a nominated page takes the page back, as any access of the
 * guest does, and goes on; nothing fails that Linux would answer with BUG().
 */
#include "xen_ops_inside.h"

#include <string.h>

#include <xen/memory.h>

#include "page.h"

#define UNTOUCHED INT32_MIN /* no rc of Xen's */

_Static_assert(sizeof(struct xen_mem_paging_batch_entry) == 24, "as Xen has it");

static int call_batch(struct xen_ops *ops, unsigned int nr)
{
    return xen_paging_op(ops, XENMEM_paging_op_batch, nr, ops->batch_args->entries);
}

static void fill_entries(struct xen_mem_paging_batch_entry *entries, uint32_t op,
                         const struct xen_page *pages, unsigned int nr)
{
    memset(entries, 0, nr * sizeof(*entries));
    for (unsigned int i = 0; i < nr; i++) {
        entries[i].gfn = pages[i].gfn;
        entries[i].op = op;
        entries[i].rc = UNTOUCHED;
        if (op == XENMEM_paging_batch_nominate || op == XENMEM_paging_batch_prep)
            set_xen_guest_handle_raw(entries[i].buffer, (uint8_t *)pages[i].copy);
    }
}

/*
 * A call that broke off may have processed any of the pages whose rc it did not set; these get its
 * error. Returns whether there is such a page.
 */
static bool run_batch(struct xen_ops *ops, uint32_t op, struct xen_page *pages, unsigned int nr)
{
    const struct xen_mem_paging_batch_entry *entries = ops->batch_args->entries;
    bool in_doubt = false;
    int rc;

    fill_entries(ops->batch_args->entries, op, pages, nr);
    rc = call_batch(ops, nr);
    if (!rc)
        rc = -EIO; /* of pages that Xen forgot */
    for (unsigned int i = 0; i < nr; i++) {
        bool untouched = entries[i].rc == UNTOUCHED;

        pages[i].rc = untouched ? rc : entries[i].rc;
        in_doubt |= untouched;
    }
    return in_doubt;
}

static void nominate(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    run_batch(ops, XENMEM_paging_batch_nominate, pages, nr);
}

/* What an eviction would have returned that left a page in this state. */
static int evicted_to(int state)
{
    switch (state) {
    case XENMEM_paging_state_paged:
    case XENMEM_paging_state_wanted:
        return 0;
    case XENMEM_paging_state_nominated:
        return -EAGAIN;
    default:
        return -ENOENT;
    }
}

/* After a call that broke off, Xen is asked what became of the pages. */
static void evict(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    if (!run_batch(ops, XENMEM_paging_batch_evict, pages, nr))
        return;
    run_batch(ops, XENMEM_paging_batch_query, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        if (pages[i].rc >= 0)
            pages[i].rc = evicted_to(pages[i].rc);
}

static void cancel(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    run_batch(ops, XENMEM_paging_batch_cancel, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        if (pages[i].rc == -EFAULT) /* the call broke off */
            pages[i].rc = -EAGAIN;
}

static void load(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    run_batch(ops, XENMEM_paging_batch_prep, pages, nr);
}

static int page_state(struct xen_ops *ops, const struct xen_page *page)
{
    int rc;

    switch (page->rc) {
    case XENMEM_paging_state_paged:
        return XEN_PAGE_OUT;
    case XENMEM_paging_state_wanted:
        return XEN_PAGE_WANTED;
    case XENMEM_paging_state_returning:
        rc = xen_prep(ops, page->gfn);
        return !rc || rc == -ENOENT ? XEN_PAGE_IN : rc;
    default:
        return page->rc < 0 ? page->rc : XEN_PAGE_IN;
    }
}

static void query(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    run_batch(ops, XENMEM_paging_batch_query, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        pages[i].rc = page_state(ops, &pages[i]);
}

int xen_ask_to_unmap(struct xen_ops *ops)
{
    struct xen_page none = {0};

    if (!(ops->features & XENMEM_paging_feature_invalidate))
        return -EOPNOTSUPP;
    run_batch(ops, XENMEM_paging_batch_invalidate, &none, 1);
    return none.rc;
}

int xen_probe_features(struct xen_ops *ops)
{
    int rc = call_batch(ops, 0);

    ops->features = rc > 0 ? (uint32_t)rc : 0;
    return rc == -ENOSYS || rc > 0 ? 0 : rc;
}

const struct xen_way xen_batch = {
    .step = XEN_MAX_STEP,
    .nominate = nominate,
    .evict = evict,
    .cancel = cancel,
    .load = load,
    .query = query,
};
