/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "one_page.h"

#include "page.h"
#include "xen_ops.h"

int nominate_one(struct xen_ops *ops, uint32_t gfn)
{
    static _Alignas(PAGE_BYTES) char copy[PAGE_BYTES];

    return copy_one(ops, gfn, copy);
}

int copy_one(struct xen_ops *ops, uint32_t gfn, void *copy)
{
    struct xen_page page = {.gfn = gfn, .copy = copy};

    xen_nominate(ops, &page, 1);
    return page.rc;
}

int evict_one(struct xen_ops *ops, uint32_t gfn)
{
    struct xen_page page = {.gfn = gfn};

    xen_evict(ops, &page, 1);
    return page.rc;
}

int cancel_one(struct xen_ops *ops, uint32_t gfn)
{
    struct xen_page page = {.gfn = gfn};

    xen_cancel(ops, &page, 1);
    return page.rc;
}
