/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that the host reads and writes as Xen does a caller's buffers, instead of being sent it.
 */
#include "client.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096u

/* The first of it is for copies of pages that are elsewhere, the rest is given out. */
static bool open_shared(struct sim_handle *handle)
{
    if (handle->shared)
        return true;
    if (sim_call(handle, (struct sim_request){.op = SIM_MEMORY, .arg = 1}, NULL, NULL, 0))
        return false;
    handle->shared =
        mmap(NULL, SIM_SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, handle->received, 0);
    close(handle->received);
    if (handle->shared == MAP_FAILED)
        handle->shared = NULL;
    handle->shared_end = SIM_COPIES_BYTES;
    return handle->shared != NULL;
}

void sim_close_shared(struct sim_handle *handle)
{
    if (handle->shared)
        munmap(handle->shared, SIM_SHARED_BYTES);
}

void *sim_alloc_shared(struct sim_handle *handle, size_t nr)
{
    size_t bytes = nr * PAGE_BYTES;
    char *pages;

    if (!open_shared(handle) || SIM_SHARED_BYTES - handle->shared_end < bytes)
        return NULL;
    pages = handle->shared + handle->shared_end;
    handle->shared_end += bytes;
    return pages;
}

bool sim_is_shared(const struct sim_handle *handle, const void *page)
{
    const char *at = page;

    return handle->shared && at >= handle->shared &&
           at <= handle->shared + SIM_SHARED_BYTES - PAGE_BYTES;
}

void sim_free_shared(struct sim_handle *handle, void *pages, size_t nr)
{
    if ((char *)pages + nr * PAGE_BYTES == handle->shared + handle->shared_end)
        handle->shared_end -= nr * PAGE_BYTES;
}

void *sim_copy_of(struct sim_handle *handle, size_t n)
{
    if (!open_shared(handle))
        abort();
    return handle->shared + n * PAGE_BYTES;
}
