/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of a batch with what a stock Xen has: one operation for each, several in one hypercall. */
#include "xen_ops_inside.h"

#include <string.h>
#include <sys/mman.h>

#include <xen/hvm/dm_op.h>
#include <xen/memory.h>

#include "log.h"
#include "page.h"

static void fail_all(struct xen_page *pages, unsigned int nr, int rc)
{
    for (unsigned int i = 0; i < nr; i++)
        pages[i].rc = rc;
}

/*
 * The guest is paused for it, which lets hypercalls under way end first: one that finds its
 * arguments on a page nominated a moment ago fails with EFAULT (hvm_copy_from_guest_linear()),
 * and Linux answers that with BUG().
 */
static void nominate_all(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    int rc = xen_pause(ops);

    if (rc) {
        log_limited(LOG_LEVEL_WARNING, "cannot pause the domain: %s", strerror(-rc));
        fail_all(pages, nr, rc == -ESRCH ? rc : -EAGAIN);
        return;
    }
    xen_multicall(ops, XENMEM_paging_op_nominate, false, pages, nr);
    rc = xen_unpause(ops);
    if (rc)
        log_limited(LOG_LEVEL_ERROR, "cannot unpause the domain: %s", strerror(-rc));
}

/* The frames are mapped together, and only meanwhile: evict needs to be the last to hold them. */
static void copy_nominated(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    struct xen_page *nominated[XEN_MAX_STEP] = {NULL};
    xen_pfn_t pfns[XEN_MAX_STEP] = {0};
    int errors[XEN_MAX_STEP] = {0};
    unsigned int n = 0;
    const char *map;

    for (unsigned int i = 0; i < nr; i++) {
        if (pages[i].rc)
            continue;
        nominated[n] = &pages[i];
        pfns[n++] = pages[i].gfn;
    }
    if (!n)
        return;
    map = xenforeignmemory_map(ops->memory, ops->domid, PROT_READ, n, pfns, errors);
    for (unsigned int i = 0; i < n; i++) {
        if (map && !errors[i])
            memcpy(nominated[i]->copy, map + (size_t)i * PAGE_BYTES, PAGE_BYTES);
        else
            nominated[i]->rc = -EFAULT;
    }
    if (map)
        xenforeignmemory_unmap(ops->memory, (void *)(uintptr_t)map, n);
}

static void nominate(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    nominate_all(ops, pages, nr);
    copy_nominated(ops, pages, nr);
}

/* What could be nominated has no special use: it is in use now, or not nominated any more. */
static void evict(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    xen_multicall(ops, XENMEM_paging_op_evict, false, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        if (pages[i].rc == -EBUSY)
            pages[i].rc = -EAGAIN;
}

/*
 * There is no operation for it. A foreign access makes Xen populate the gfn, and prep then
 * completes it; the request for it (EVICT_FAIL) is still going to be in the ring.
 */
static int cancel_one(struct xen_ops *ops, uint32_t gfn)
{
    int rc = xen_prep(ops, gfn);

    if (rc != -ENOENT)
        return rc;
    /* For a gfn of any paging type this populates and changes nothing (dm.c: set_mem_type()). */
    rc = xendevicemodel_set_mem_type(ops->device_model, (domid_t)ops->domid, HVMMEM_ram_rw, gfn, 1);
    if (rc == 0)
        return 0; /* not nominated any more, and RAM as it was */
    if (errno == EINVAL)
        return -ENOENT;
    if (errno != EAGAIN)
        return -errno;
    rc = xen_prep(ops, gfn);
    return rc == -ENOENT ? -EAGAIN : rc;
}

static void cancel(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++) {
        pages[i].rc = cancel_one(ops, pages[i].gfn);
        if (pages[i].rc == -EAGAIN) { /* nor would there be room for the others */
            fail_all(pages + i, nr - i, -EAGAIN);
            return;
        }
    }
}

static void load(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    xen_multicall(ops, XENMEM_paging_op_prep, true, pages, nr);
}

/* Of a prep. ENOENT: RAM, nominated, or a hole. EINVAL: there is no frame. */
static int page_state(int rc)
{
    if (rc == -EINVAL)
        return XEN_PAGE_WANTED;
    return rc == -ENOENT ? XEN_PAGE_IN : rc; /* 0, if it was on its way in, is XEN_PAGE_IN */
}

static void query(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    for (unsigned int i = 0, n; i < nr; i += n) {
        n = nr - i < XEN_MAX_STEP ? nr - i : XEN_MAX_STEP;
        xen_multicall(ops, XENMEM_paging_op_prep, false, pages + i, n);
    }
    for (unsigned int i = 0; i < nr; i++)
        pages[i].rc = page_state(pages[i].rc);
}

const struct xen_way xen_stock = {
    .step = XEN_MAX_STEP,
    .nominate = nominate,
    .evict = evict,
    .cancel = cancel,
    .load = load,
    .query = query,
};
