/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files that make hypercalls only: xen_ops.c, xen_stock.c, xen_multicall.c,
 * xen_batch.c. */
#ifndef XENPAGING2_XEN_OPS_INSIDE_H
#define XENPAGING2_XEN_OPS_INSIDE_H

#include <errno.h>
#include <stdint.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>

#include "xen_ops.h"
#include "xen_paging_batch.h"

/* How the pages of a batch are dealt with, by one kind of hypervisor. See xen_ops.h. */
struct xen_way {
    unsigned int step;
    void (*nominate)(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);
    void (*evict)(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);
    void (*cancel)(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);
    void (*load)(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);
    void (*query)(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);
};

extern const struct xen_way xen_stock; /* xen_stock.c */
extern const struct xen_way xen_batch; /* xen_batch.c */

/* The arguments of one paging hypercall, or of several in a multicall, in memory safe for it. */
struct xen_batch_args {
    xen_mem_paging_op_t op;
    xen_mem_paging_op_t ops[XEN_MAX_STEP];
    multicall_entry_t calls[XEN_MAX_STEP];
    struct xen_mem_paging_batch_entry entries[XEN_MAX_QUERY];
};

struct xen_ops {
    uint32_t domid;
    uint32_t features; /* XENMEM_paging_feature_*; 0 on a stock Xen, and before it was asked */
    const struct xen_way *way;
    unsigned int nr_owed;   /* pauses that are to be undone */
    uint32_t *nr_pauses;    /* xen_keep_account() */
    uint32_t own_nr_pauses; /* until then */
    xentoollog_logger *logger;
    xc_interface *xc;
    xencall_handle *call;
    xenforeignmemory_handle *memory;
    xendevicemodel_handle *device_model;
    struct xen_domctl *domctl;         /* hypercall-safe memory */
    uint64_t *frame_info;              /* likewise, MAX_FRAME_INFO entries */
    struct xen_batch_args *batch_args; /* likewise */
};

static inline int negative_errno(int rc)
{
    return rc < 0 ? -errno : 0;
}

/*
 * One XENMEM_paging_op (xen/memory.h), whose gfn is the number of entries for a batch. The buffer
 * is hypercall-safe memory. Returns what the hypercall returns, or a negative errno.
 */
int xen_paging_op(struct xen_ops *ops, uint8_t op, uint64_t gfn, const void *buffer);

/*
 * The same for each of nr pages, in one __HYPERVISOR_multicall, with their copy as the buffer if
 * with_buffer is set. The rc of each is what Xen returned for it; if the call broke off before it
 * came to tell of a page, the call's negative errno, -EIO if it had none.
 */
void xen_multicall(struct xen_ops *ops, uint8_t op, bool with_buffer, struct xen_page *pages,
                   unsigned int nr);

/*
 * Asks a Xen whose paging is on for what it offers. Sets ops->features, to 0 on a stock one.
 * Returns 0 or a negative errno.
 */
int xen_probe_features(struct xen_ops *ops);

#endif
