/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dom0 writes through a mapping must reach the guest, and only where writing is allowed.
 */
#include "cases.h"

#include <errno.h>
#include <string.h>

#include "pager.h"
#include "report.h"
#include "xen.h"

#define OLD 0x11
#define NEW 0x22

static void write_through(void *page)
{
    memset(page, NEW, PAGE_BYTES);
    remark("written through the mapping");
    xen_unmap(page);
    remark("unmapped");
}

/* A pager in slow motion; the write is between its copy and its eviction. */
static const char *lost_write(uint64_t gfn)
{
    uint8_t copy[PAGE_BYTES];
    void *page;
    int error;

    xen_fill(gfn, OLD);
    must("nominate", xen_nominate(gfn));
    xen_read(gfn, copy);
    page = xen_map(gfn, PROT_READ | PROT_WRITE, &error);
    must("mapping a nominated page", error);
    write_through(page);
    if (xen_evict(gfn) == 0) {
        pager_serve();
        must("load", xen_load(gfn, copy));
    }
    return xen_holds(gfn, NEW) ? NULL : "the write is lost";
}

static const char *ro_mapping(uint64_t gfn)
{
    void *page;
    int error;

    must("making it read-only", xen_set_type(gfn, HVMMEM_ram_ro));
    page = xen_map(gfn, PROT_READ | PROT_WRITE, &error);
    if (page)
        write_through(page);
    must("making it writable", xen_set_type(gfn, HVMMEM_ram_rw));
    if (page)
        return "a read-only page was mapped writable, and written";
    return error == -EACCES ? NULL : "refused, but not with EACCES";
}

static const char *ro_while_mapped(uint64_t gfn)
{
    void *page;
    int error, while_mapped;

    page = xen_map(gfn, PROT_READ | PROT_WRITE, &error);
    must("mapping a page", error);
    while_mapped = xen_set_type(gfn, HVMMEM_ram_ro);
    write_through(page);
    must("making it read-only", xen_set_type(gfn, HVMMEM_ram_ro));
    must("making it writable", xen_set_type(gfn, HVMMEM_ram_rw));
    if (while_mapped == 0)
        return "a page became read-only under a writable mapping, and was written";
    return while_mapped == -EAGAIN ? NULL : "refused, but not with EAGAIN";
}

#define BITMAP_BYTES (1u << 17) /* for 4 GiB */

static int log_dirty_op(unsigned int op, xc_hypercall_buffer_t *bitmap)
{
    DECLARE_HYPERCALL_BUFFER_ARGUMENT(bitmap);
    xc_shadow_op_stats_t stats;
    long long rc = xc_logdirty_control(xen_xc, xen_domid, op, HYPERCALL_BUFFER(bitmap),
                                       BITMAP_BYTES * 8, 0, &stats);

    return rc < 0 ? -errno : 0;
}

static bool is_dirty(const uint8_t *bitmap, uint64_t gfn)
{
    return bitmap[gfn / 8] & (1u << gfn % 8);
}

static const char *log_dirty(uint64_t gfn)
{
    DECLARE_HYPERCALL_BUFFER(uint8_t, bitmap);
    void *page;
    int error;
    bool dirty;

    bitmap = xc_hypercall_buffer_alloc(xen_xc, bitmap, BITMAP_BYTES);
    if (!bitmap)
        inconclusive("out of memory");
    must("log-dirty mode", xen_log_dirty(true));
    must("the first bitmap", log_dirty_op(XEN_DOMCTL_SHADOW_OP_CLEAN, HYPERCALL_BUFFER(bitmap)));
    page = xen_map(gfn, PROT_READ | PROT_WRITE, &error);
    must("mapping a page", error);
    write_through(page);
    must("the bitmap", log_dirty_op(XEN_DOMCTL_SHADOW_OP_CLEAN, HYPERCALL_BUFFER(bitmap)));
    dirty = is_dirty(bitmap, gfn);
    must("the end of log-dirty mode", xen_log_dirty(false));
    xc_hypercall_buffer_free(xen_xc, bitmap);
    return dirty ? NULL : "a written page is not in the dirty bitmap";
}

const struct p2m_case mapping_cases[] = {
    {"lost-write", "dom0 writes a page between the pager's copy and its eviction", lost_write},
    {"ro-mapping", "dom0 maps a page writable that is read-only for the guest", ro_mapping},
    {"ro-while-mapped", "a page that dom0 has mapped writable is made read-only", ro_while_mapped},
    {"log-dirty", "dom0 writes a page while dirty pages are logged", log_dirty},
    {0}};
