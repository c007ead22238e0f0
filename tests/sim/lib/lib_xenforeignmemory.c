/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxenforeignmemory.so.1, as far as the pager uses it. */
#include <stdlib.h>
#include <sys/mman.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>

#include "client.h"

static struct sim_handle *handle_of(xenforeignmemory_handle *memory)
{
    return (struct sim_handle *)memory;
}

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return (xenforeignmemory_handle *)sim_open();
}

int xenforeignmemory_close(xenforeignmemory_handle *memory)
{
    sim_close(handle_of(memory));
    return 0;
}

/* Pagers always want to know of errors. */
void *xenforeignmemory_map(xenforeignmemory_handle *memory, uint32_t domid, int protection,
                           size_t nr, const xen_pfn_t gfns[], int errors[])
{
    return sim_map(handle_of(memory), domid, protection, nr, gfns, errors);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *memory, void *at, size_t nr)
{
    (void)memory, (void)nr;
    return sim_unmap(at);
}

/* The grant table is the only resource; its first frame is all there is of it. */
xenforeignmemory_resource_handle *
xenforeignmemory_map_resource(xenforeignmemory_handle *memory, domid_t domid, unsigned int type,
                              unsigned int id, unsigned long frame, unsigned long nr, void **at,
                              int protection, int flags)
{
    (void)type, (void)id, (void)frame, (void)nr, (void)flags;
    *at = sim_map_grant_table(handle_of(memory), domid, protection);
    return *at;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *memory,
                                    xenforeignmemory_resource_handle *resource)
{
    (void)memory;
    return munmap(resource, XC_PAGE_SIZE);
}
