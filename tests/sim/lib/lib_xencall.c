/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxencall.so.1: the hypercalls that the pager makes without libxenctrl. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xencall.h>
#include <xen/domctl.h>
#include <xen/memory.h>
#include <xenctrl.h>

#include "client.h"
#include "xen_paging_batch.h"

#define PAGE_BYTES 4096u

static struct sim_handle *handle_of(xencall_handle *call)
{
    return (struct sim_handle *)call;
}

xencall_handle *xencall_open(struct xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return (xencall_handle *)sim_open();
}

int xencall_close(xencall_handle *call)
{
    sim_close(handle_of(call));
    return 0;
}

void *xencall_alloc_buffer(xencall_handle *call, size_t size)
{
    (void)call;
    return calloc(1, size);
}

void xencall_free_buffer(xencall_handle *call, void *buffer)
{
    (void)call;
    free(buffer);
}

void *xencall_alloc_buffer_pages(xencall_handle *call, size_t nr)
{
    void *pages = sim_alloc_shared(handle_of(call), nr);

    if (pages)
        return memset(pages, 0, nr * PAGE_BYTES);
    pages = mmap(NULL, nr * PAGE_BYTES, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

void xencall_free_buffer_pages(xencall_handle *call, void *pages, size_t nr)
{
    if (sim_is_shared(handle_of(call), pages))
        sim_free_shared(handle_of(call), pages, nr);
    else
        munmap(pages, nr * PAGE_BYTES);
}

/* --- XEN_DOMCTL_getpageframeinfo3. --- */

int xencall1(xencall_handle *call, unsigned int op, uint64_t arg)
{
    struct xen_domctl *domctl = (struct xen_domctl *)(uintptr_t)arg;
    uint64_t *gfns = domctl->u.getpageframeinfo3.array.p;
    size_t bytes = domctl->u.getpageframeinfo3.num * sizeof(*gfns);
    struct sim_request request = {
        .op = SIM_FRAME_INFO, .domid = domctl->domain, .payload_bytes = bytes};

    if (op != __HYPERVISOR_domctl || domctl->cmd != XEN_DOMCTL_getpageframeinfo3 ||
        domctl->interface_version != XEN_DOMCTL_INTERFACE_VERSION) {
        errno = ENOSYS;
        return -1;
    }
    return sim_call(handle_of(call), request, gfns, gfns, bytes) < 0 ? -1 : 0;
}

/* --- XENMEM_paging_op_batch. --- */

static void *buffer_of(const struct xen_mem_paging_batch_entry *entry)
{
    return entry->buffer.p;
}

/* As a hypercall finds out: by trying, and with a system call that the pager may make. */
static bool is_there(const void *at, size_t bytes)
{
    char *page = (char *)((uintptr_t)at & ~(uintptr_t)(PAGE_BYTES - 1));

    return !bytes || !madvise(page, PAGE_BYTES, MADV_NORMAL);
}

static enum sim_buffer kind_of(const struct sim_handle *handle, const void *buffer)
{
    if (!buffer)
        return SIM_NO_BUFFER;
    return sim_is_shared(handle, buffer) || is_there(buffer, PAGE_BYTES) ? SIM_BUFFER
                                                                         : SIM_BAD_BUFFER;
}

/* The caller's own, if the host sees it, or the place of a copy. */
static char *shared_page(struct sim_handle *handle, void *buffer, uint64_t n)
{
    return sim_is_shared(handle, buffer) ? buffer : sim_copy_of(handle, n);
}

static void to_message(struct sim_handle *handle, const struct xen_mem_paging_batch_entry *entries,
                       struct sim_batch_entry *message, uint64_t nr)
{
    for (uint64_t i = 0; i < nr; i++) {
        void *buffer = buffer_of(&entries[i]);
        char *page;

        message[i].gfn = entries[i].gfn;
        message[i].op = entries[i].op;
        message[i].rc = entries[i].rc;
        message[i].buffer = kind_of(handle, buffer);
        if (message[i].buffer != SIM_BUFFER)
            continue;
        page = shared_page(handle, buffer, i);
        message[i].page = (uint64_t)(page - handle->shared);
        if (page != buffer && entries[i].op == XENMEM_paging_batch_prep)
            memcpy(page, buffer, PAGE_BYTES);
    }
}

static void from_message(struct sim_handle *handle, struct xen_mem_paging_batch_entry *entries,
                         const struct sim_batch_entry *message, uint64_t nr)
{
    for (uint64_t i = 0; i < nr; i++) {
        const char *page = handle->shared + message[i].page;

        entries[i].rc = message[i].rc;
        if (message[i].buffer == SIM_BUFFER && page != buffer_of(&entries[i]) &&
            entries[i].op == XENMEM_paging_batch_nominate && !entries[i].rc)
            memcpy(buffer_of(&entries[i]), page, PAGE_BYTES);
    }
}

/* Others may make a batch at the same time, but not with the same copies. */
static pthread_mutex_t copies = PTHREAD_MUTEX_INITIALIZER;

static int64_t batch(xencall_handle *call, const xen_mem_paging_op_t *mpo)
{
    struct xen_mem_paging_batch_entry *entries = (void *)(uintptr_t)mpo->buffer.p;
    size_t bytes = mpo->gfn * sizeof(struct sim_batch_entry);
    struct sim_request request = {
        .op = SIM_BATCH, .domid = mpo->domain, .gfn = mpo->gfn, .payload_bytes = bytes};
    struct sim_batch_entry *message;
    int64_t rc;

    if (!is_there(entries, bytes)) {
        errno = EFAULT;
        return -1;
    }
    if (mpo->gfn > XENMEM_PAGING_BATCH_MAX) /* refused without looking at any */
        return sim_call(
                   handle_of(call),
                   (struct sim_request){.op = SIM_BATCH, .domid = mpo->domain, .gfn = mpo->gfn},
                   NULL, NULL, 0) < 0
                   ? -1
                   : 0;
    message = calloc(1, bytes + 1);
    pthread_mutex_lock(&copies);
    to_message(handle_of(call), entries, message, mpo->gfn);
    rc = sim_call(handle_of(call), request, message, message, bytes);
    from_message(handle_of(call), entries, message, mpo->gfn);
    pthread_mutex_unlock(&copies);
    free(message);
    return rc;
}

/* --- The other operations. --- */

/* With the page's contents, or with nothing but a gfn. */
static struct sim_request request_of(const xen_mem_paging_op_t *mpo)
{
    static const enum sim_op ops[] = {[XENMEM_paging_op_nominate] = SIM_NOMINATE,
                                      [XENMEM_paging_op_evict] = SIM_EVICT,
                                      [XENMEM_paging_op_prep] = SIM_PREP};
    bool has_page = mpo->op == XENMEM_paging_op_prep && mpo->buffer.p;

    return (struct sim_request){.op = ops[mpo->op],
                                .domid = mpo->domain,
                                .gfn = mpo->gfn,
                                .payload_bytes = has_page ? PAGE_BYTES : 0};
}

static bool is_single(uint64_t cmd, const xen_mem_paging_op_t *mpo)
{
    return cmd == XENMEM_paging_op && mpo->op <= XENMEM_paging_op_prep;
}

static int64_t paging_op(xencall_handle *call, uint64_t cmd, uint64_t arg)
{
    const xen_mem_paging_op_t *mpo = (const xen_mem_paging_op_t *)(uintptr_t)arg;

    if (cmd == XENMEM_paging_op && mpo->op == XENMEM_paging_op_batch)
        return batch(call, mpo);
    if (is_single(cmd, mpo))
        return sim_call(handle_of(call), request_of(mpo), mpo->buffer.p, NULL, 0);
    errno = ENOSYS;
    return -1;
}

/* Of single operations, which is what there are multicalls of. */
static int multicall(xencall_handle *call, multicall_entry_t *calls, uint64_t nr)
{
    struct sim_request requests[SIM_MANY] = {0};
    const void *payloads[SIM_MANY] = {0};
    int64_t rcs[SIM_MANY];

    errno = ENOSYS;
    if (nr > SIM_MANY)
        return -1;
    for (uint64_t i = 0; i < nr; i++) {
        const xen_mem_paging_op_t *mpo = (const xen_mem_paging_op_t *)(uintptr_t)calls[i].args[1];

        if (calls[i].op != __HYPERVISOR_memory_op || !is_single(calls[i].args[0], mpo))
            return -1;
        requests[i] = request_of(mpo);
        payloads[i] = mpo->buffer.p;
    }
    sim_call_many(handle_of(call), requests, payloads, rcs, nr);
    for (uint64_t i = 0; i < nr; i++)
        calls[i].result = (xen_ulong_t)rcs[i];
    return 0;
}

int xencall2(xencall_handle *call, unsigned int op, uint64_t first, uint64_t second)
{
    if (op == __HYPERVISOR_memory_op)
        return (int)paging_op(call, first, second);
    if (op == __HYPERVISOR_multicall)
        return multicall(call, (multicall_entry_t *)(uintptr_t)first, second);
    errno = ENOSYS;
    return -1;
}
