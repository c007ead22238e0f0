/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include <errno.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xen/memory.h>

#include "report.h"
#include "xen.h"

#define XENMEM_paging_op_batch 3

static xencall_handle *call;

void *batch_alloc(size_t size)
{
    void *memory;

    if (!call)
        call = xencall_open(NULL, 0);
    memory = call ? xencall_alloc_buffer(call, size) : NULL;
    if (!memory)
        inconclusive("no memory for a batch");
    return memory;
}

int batch_call(uint32_t domid, const void *entries, size_t nr)
{
    xen_mem_paging_op_t *op = batch_alloc(sizeof(*op));
    int rc;

    *op = (xen_mem_paging_op_t){.op = XENMEM_paging_op_batch, .domain = (domid_t)domid, .gfn = nr};
    set_xen_guest_handle_raw(op->buffer, entries);
    rc = xencall2(call, __HYPERVISOR_memory_op, XENMEM_paging_op, (uintptr_t)op);
    rc = rc < 0 ? -errno : rc;
    xencall_free_buffer(call, op);
    return rc;
}

const char *batch_absent(void)
{
    return batch_call(xen_domid, NULL, 0) > 0 ? NULL : "there is no batch operation";
}

int batch_one(const char *what, enum batch_op op, uint64_t gfn, void *buffer)
{
    struct batch_entry *entry = batch_alloc(sizeof(*entry));
    int rc;

    *entry = (struct batch_entry){.gfn = gfn, .op = op, .buffer = (uintptr_t)buffer, .rc = 1000};
    must("a batch of one", batch_call(xen_domid, entry, 1));
    rc = step(what, gfn, entry->rc);
    xencall_free_buffer(call, entry);
    return rc;
}
