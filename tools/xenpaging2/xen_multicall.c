/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several paging operations in one hypercall, on any Xen: __HYPERVISOR_multicall (xen/xen.h), which
 * /dev/xen/privcmd passes on as any other. Xen stops between two of them when an interrupt comes,
 * and goes on by itself after that, as it does in a batch of its own.
 */
#include "xen_ops_inside.h"

#include <string.h>

#include <xen/memory.h>

#define UNTOUCHED 1 /* what none of these operations returns */
#define MAX_ERRNO 4095

static void fill_call(struct xen_ops *ops, uint8_t op, const void *buffer,
                      const struct xen_page *page, unsigned int i)
{
    xen_mem_paging_op_t *arg = &ops->batch_args->ops[i];
    multicall_entry_t *call = &ops->batch_args->calls[i];

    *arg = (xen_mem_paging_op_t){.op = op, .domain = (domid_t)ops->domid, .gfn = page->gfn};
    set_xen_guest_handle_raw(arg->buffer, (const uint8_t *)buffer);
    *call = (multicall_entry_t){.op = __HYPERVISOR_memory_op, .result = UNTOUCHED};
    call->args[0] = XENMEM_paging_op;
    call->args[1] = (xen_ulong_t)(uintptr_t)arg;
}

/* A debug build of Xen overwrites the whole entry before it fills the result in. */
static bool is_told(long result)
{
    return result <= 0 && result >= -MAX_ERRNO;
}

void xen_multicall(struct xen_ops *ops, uint8_t op, bool with_buffer, struct xen_page *pages,
                   unsigned int nr)
{
    const multicall_entry_t *calls = ops->batch_args->calls;
    int rc;

    for (unsigned int i = 0; i < nr; i++)
        fill_call(ops, op, with_buffer ? pages[i].copy : NULL, &pages[i], i);
    rc =
        negative_errno(xencall2(ops->call, __HYPERVISOR_multicall, (uint64_t)(uintptr_t)calls, nr));
    for (unsigned int i = 0; i < nr; i++) {
        long result = (long)calls[i].result;

        pages[i].rc = is_told(result) ? (int)result : rc ? rc : -EIO;
    }
}
