/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xen.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include <xencall.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>
#include <xen/grant_table.h>
#include <xen/memory.h>

#include "privcmd.h"
#include "report.h"

/* An address of the machine with no RAM; where the PCI devices of a PC are. */
#define MMIO_FRAME 0xfeb00

xc_interface *xen_xc;
uint32_t xen_domid;
static xendevicemodel_handle *device_model;
static int privcmd;

void xen_open(uint32_t domid)
{
    xen_domid = domid;
    xen_xc = xc_interface_open(NULL, NULL, 0);
    device_model = xendevicemodel_open(NULL, 0);
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (!xen_xc || !device_model || privcmd < 0)
        inconclusive("Xen cannot be talked to");
}

static int negative_errno(int rc)
{
    return rc < 0 ? -errno : 0;
}

int xen_nominate(uint64_t gfn)
{
    return step("nominate", gfn, negative_errno(xc_mem_paging_nominate(xen_xc, xen_domid, gfn)));
}

int xen_evict(uint64_t gfn)
{
    return step("evict", gfn, negative_errno(xc_mem_paging_evict(xen_xc, xen_domid, gfn)));
}

int xen_load(uint64_t gfn, const void *page)
{
    int rc = xc_mem_paging_load(xen_xc, xen_domid, gfn, (void *)(uintptr_t)page);

    return step("load", gfn, negative_errno(rc));
}

int xen_prep(uint64_t gfn)
{
    return step("prep", gfn, negative_errno(xc_mem_paging_prep(xen_xc, xen_domid, gfn)));
}

/* The call returns how many pages it took; for none, the reason is on Xen's console only. */
int xen_balloon_out(uint64_t gfn)
{
    xen_pfn_t pfn = gfn;
    int done = xc_domain_decrease_reservation(xen_xc, xen_domid, 1, 0, &pfn);

    return step("balloon out", gfn, done < 0 ? -errno : done == 1 ? 0 : -EINVAL);
}

int xen_balloon_in(uint64_t gfn)
{
    xen_pfn_t pfn = gfn;
    int rc = xc_domain_populate_physmap_exact(xen_xc, xen_domid, 1, 0, 0, &pfn);

    return step("balloon in", gfn, negative_errno(rc));
}

int xen_set_type(uint64_t gfn, hvmmem_type_t type)
{
    int rc = xendevicemodel_set_mem_type(device_model, (domid_t)xen_domid, type, gfn, 1);

    return step(type == HVMMEM_ram_ro ? "make read-only" : "make writable", gfn,
                negative_errno(rc));
}

int xen_map_device(uint64_t gfn, bool there)
{
    uint32_t how = there ? DPCI_ADD_MAPPING : DPCI_REMOVE_MAPPING;
    int rc;

    must("permission",
         negative_errno(xc_domain_iomem_permission(xen_xc, xen_domid, MMIO_FRAME, 1, 1)));
    rc = xc_domain_memory_mapping(xen_xc, xen_domid, gfn, MMIO_FRAME, 1, how);
    return step(there ? "map a device" : "unmap the device", gfn, negative_errno(rc));
}

int xen_log_dirty(bool on)
{
    unsigned int op = on ? XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY : XEN_DOMCTL_SHADOW_OP_OFF;

    return negative_errno(xc_shadow_control(xen_xc, xen_domid, op, NULL, 0));
}

int xen_frame_info(uint64_t gfn)
{
    xencall_handle *call = xencall_open(NULL, 0);
    struct xen_domctl *domctl = xencall_alloc_buffer(call, sizeof(*domctl));
    uint64_t *types = xencall_alloc_buffer(call, sizeof(*types));
    int rc;

    if (!types)
        inconclusive("no memory for a hypercall");
    *types = gfn;
    *domctl = (struct xen_domctl){.cmd = XEN_DOMCTL_getpageframeinfo3,
                                  .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
                                  .domain = (domid_t)xen_domid,
                                  .u.getpageframeinfo3.num = 1};
    set_xen_guest_handle_raw(domctl->u.getpageframeinfo3.array, types);
    rc = xencall1(call, __HYPERVISOR_domctl, (uintptr_t)domctl);
    rc = rc < 0 ? -errno : *types != XEN_DOMCTL_PFINFO_XTAB;
    xencall_free_buffer(call, types);
    xencall_free_buffer(call, domctl);
    xencall_close(call);
    return rc;
}

/* Writes an entry of the guest's grant table, as the guest would. The first are the toolstack's. */
void xen_grant(uint64_t gfn, bool granted)
{
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    grant_entry_v1_t *entries = NULL;
    xenforeignmemory_resource_handle *table = xenforeignmemory_map_resource(
        memory, (domid_t)xen_domid, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, (void **)&entries, PROT_READ | PROT_WRITE, 0);

    if (!table)
        inconclusive("the guest's grant table cannot be mapped");
    entries[GNTTAB_NR_RESERVED_ENTRIES] = (grant_entry_v1_t){
        .flags = granted ? GTF_permit_access : 0, .domid = 0, .frame = (uint32_t)gfn};
    xenforeignmemory_unmap_resource(memory, table);
    xenforeignmemory_close(memory);
}

/* Stock Xen has no call for it: setting a type populates, and prep completes that. */
void xen_cancel(uint64_t gfn)
{
    if (xendevicemodel_set_mem_type(device_model, (domid_t)xen_domid, HVMMEM_ram_rw, gfn, 1))
        xc_mem_paging_prep(xen_xc, xen_domid, gfn);
}

static void *map_one(uint64_t gfn, int protection, int *error)
{
    xen_pfn_t pfn = gfn;
    void *page = mmap(NULL, PAGE_BYTES, protection, MAP_SHARED, privcmd, 0);
    struct privcmd_mmapbatch_v2 batch = {.num = 1, .dom = (domid_t)xen_domid, .arr = &pfn};

    if (page == MAP_FAILED)
        inconclusive("mmap: %s", strerror(errno));
    *error = 0;
    batch.addr = (uintptr_t)page;
    batch.err = error;
    if (ioctl(privcmd, MMAPBATCH_V2, &batch) < 0 && !*error)
        *error = -errno;
    if (!*error)
        return page;
    munmap(page, PAGE_BYTES);
    return NULL;
}

void *xen_map(uint64_t gfn, int protection, int *error)
{
    void *page = map_one(gfn, protection, error);

    step(protection & PROT_WRITE ? "map rw" : "map ro", gfn, *error);
    return page;
}

void xen_unmap(void *page)
{
    munmap(page, PAGE_BYTES);
}

static void *must_map(uint64_t gfn, int protection)
{
    int error;
    void *page = map_one(gfn, protection, &error);

    must("mapping a page that is in", error);
    return page;
}

void xen_fill(uint64_t gfn, uint8_t value)
{
    void *page = must_map(gfn, PROT_READ | PROT_WRITE);

    memset(page, value, PAGE_BYTES);
    xen_unmap(page);
}

void xen_read(uint64_t gfn, void *copy)
{
    void *page = must_map(gfn, PROT_READ);

    memcpy(copy, page, PAGE_BYTES);
    xen_unmap(page);
}

bool xen_holds(uint64_t gfn, uint8_t value)
{
    uint8_t copy[PAGE_BYTES];

    xen_read(gfn, copy);
    for (size_t i = 0; i < PAGE_BYTES; i++)
        if (copy[i] != value)
            return false;
    return true;
}

struct xen_counts xen_counts(void)
{
    xc_domaininfo_t info;

    if (xc_domain_getinfolist(xen_xc, xen_domid, 1, &info) != 1 || info.domain != xen_domid)
        inconclusive("domain %u is gone", xen_domid);
    if (info.flags & XEN_DOMINF_shutdown)
        inconclusive("domain %u has shut down or crashed", xen_domid);
    /* Xen keeps the number of paged pages in 32 bits. */
    return (struct xen_counts){.resident = (long)info.tot_pages,
                               .paged = (int32_t)info.paged_pages,
                               .cpu_ns = info.cpu_time};
}

void xen_pause(void)
{
    must("pause", negative_errno(xc_domain_pause(xen_xc, xen_domid)));
}

void xen_unpause(void)
{
    must("unpause", negative_errno(xc_domain_unpause(xen_xc, xen_domid)));
}
