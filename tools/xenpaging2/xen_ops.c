/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xen_ops_inside.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/domctl.h>
#include <xen/hvm/params.h>

#include "page.h"

#define MAX_FRAME_INFO 1024 /* what one XEN_DOMCTL_getpageframeinfo3 takes */

static int open_all(struct xen_ops *ops)
{
    ops->logger = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
    if (!ops->logger)
        return -ENOMEM;
    ops->xc = xc_interface_open(ops->logger, NULL, 0);
    if (!ops->xc)
        return -errno;
    ops->call = xencall_open(ops->logger, 0);
    if (!ops->call)
        return -errno;
    ops->memory = xenforeignmemory_open(ops->logger, 0);
    if (!ops->memory)
        return -errno;
    ops->device_model = xendevicemodel_open(ops->logger, 0);
    if (!ops->device_model)
        return -errno;
    ops->domctl = xencall_alloc_buffer(ops->call, sizeof(*ops->domctl));
    ops->frame_info = xencall_alloc_buffer(ops->call, MAX_FRAME_INFO * sizeof(*ops->frame_info));
    ops->batch_args = xencall_alloc_buffer(ops->call, sizeof(*ops->batch_args));
    return ops->domctl && ops->frame_info && ops->batch_args ? 0 : -ENOMEM;
}

int xen_ops_open(uint32_t domid, struct xen_ops **out, char *message, size_t size)
{
    struct xen_ops *ops = calloc(1, sizeof(*ops));
    int rc = -ENOMEM;

    if (ops) {
        ops->domid = domid;
        ops->way = &xen_stock;
        ops->nr_pauses = &ops->own_nr_pauses;
        rc = open_all(ops);
    }
    if (rc) {
        snprintf(message, size,
                 "cannot talk to Xen: %s (is this dom0, and /dev/xen/privcmd there?)",
                 strerror(-rc));
        xen_ops_close(ops);
        return rc;
    }
    *out = ops;
    return 0;
}

void xen_ops_close(struct xen_ops *ops)
{
    if (!ops)
        return;
    xen_go_on(ops);
    if (ops->batch_args)
        xencall_free_buffer(ops->call, ops->batch_args);
    if (ops->frame_info)
        xencall_free_buffer(ops->call, ops->frame_info);
    if (ops->domctl)
        xencall_free_buffer(ops->call, ops->domctl);
    if (ops->device_model)
        xendevicemodel_close(ops->device_model);
    if (ops->memory)
        xenforeignmemory_close(ops->memory);
    if (ops->call)
        xencall_close(ops->call);
    if (ops->xc)
        xc_interface_close(ops->xc);
    if (ops->logger)
        xtl_logger_destroy(ops->logger);
    free(ops);
}

uint32_t xen_ops_domid(const struct xen_ops *ops)
{
    return ops->domid;
}

void *xen_alloc_pages(struct xen_ops *ops, unsigned int nr)
{
    void *pages = xencall_alloc_buffer_pages(ops->call, nr);

    if (pages)
        madvise(pages, (size_t)nr * PAGE_BYTES, MADV_DONTDUMP);
    return pages;
}

void xen_free_pages(struct xen_ops *ops, void *pages, unsigned int nr)
{
    if (pages)
        xencall_free_buffer_pages(ops->call, pages, nr);
}

int xen_domain_info(struct xen_ops *ops, struct xen_domain_info *info)
{
    xc_domaininfo_t di;
    int rc = xc_domain_getinfolist(ops->xc, ops->domid, 1, &di);

    if (rc < 0)
        return -errno;
    if (rc == 0 || di.domain != ops->domid)
        return -ESRCH;
    *info = (struct xen_domain_info){
        .dying = di.flags & XEN_DOMINF_dying,
        .hvm = di.flags & XEN_DOMINF_hvm_guest,
        .hap = di.flags & XEN_DOMINF_hap,
        .paused = di.flags & XEN_DOMINF_paused,
        .nr_vcpus = di.max_vcpu_id + 1,
        .resident_pages = di.tot_pages,
        .paged_pages = di.paged_pages,
    };
    memcpy(info->uuid, di.handle, sizeof(info->uuid));
    return 0;
}

int xen_max_gfn(struct xen_ops *ops, uint64_t *gfn)
{
    xen_pfn_t pfn;
    int rc = negative_errno(xc_domain_maximum_gpfn(ops->xc, ops->domid, &pfn));

    if (!rc)
        *gfn = pfn;
    return rc;
}

int xen_free_host_pages(struct xen_ops *ops, uint64_t *pages)
{
    xc_physinfo_t info = {0};
    int rc = negative_errno(xc_physinfo(ops->xc, &info));

    *pages = info.free_pages;
    return rc;
}

int xen_are_resident(struct xen_ops *ops, const uint32_t *gfns, size_t nr, bool *resident)
{
    struct xen_domctl *domctl = ops->domctl;

    for (size_t i = 0; i < nr; i++)
        ops->frame_info[i] = gfns[i];
    memset(domctl, 0, sizeof(*domctl));
    domctl->cmd = XEN_DOMCTL_getpageframeinfo3;
    domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl->domain = (domid_t)ops->domid;
    domctl->u.getpageframeinfo3.num = nr;
    set_xen_guest_handle_raw(domctl->u.getpageframeinfo3.array, ops->frame_info);
    if (xencall1(ops->call, __HYPERVISOR_domctl, (uint64_t)(uintptr_t)domctl) < 0)
        return -errno;
    for (size_t i = 0; i < nr; i++)
        resident[i] = (ops->frame_info[i] & XEN_DOMCTL_PFINFO_LTAB_MASK) != XEN_DOMCTL_PFINFO_XTAB;
    return 0;
}

int xen_pause(struct xen_ops *ops)
{
    int rc;

    ++*ops->nr_pauses;
    rc = negative_errno(xc_domain_pause(ops->xc, ops->domid));
    if (rc)
        --*ops->nr_pauses;
    return rc;
}

int xen_unpause(struct xen_ops *ops)
{
    ops->nr_owed++;
    return xen_go_on(ops);
}

static int undo_pause(struct xen_ops *ops)
{
    int rc = negative_errno(xc_domain_unpause(ops->xc, ops->domid));

    if (!rc && *ops->nr_pauses)
        --*ops->nr_pauses;
    return rc;
}

int xen_go_on(struct xen_ops *ops)
{
    int rc = 0;

    while (!rc && ops->nr_owed) {
        rc = undo_pause(ops);
        if (!rc)
            ops->nr_owed--;
    }
    if (rc == -ESRCH)
        ops->nr_owed = 0;
    return rc;
}

void xen_keep_account(struct xen_ops *ops, uint32_t *nr)
{
    if (nr)
        *nr += *ops->nr_pauses;
    ops->nr_pauses = nr ? nr : &ops->own_nr_pauses;
}

int xen_undo_pauses(struct xen_ops *ops)
{
    int rc = 0;

    while (!rc && *ops->nr_pauses) {
        struct xen_domain_info info = {.paused = true};

        rc = xen_domain_info(ops, &info);
        if (!rc && !info.paused)
            *ops->nr_pauses = 0;
        else if (!rc)
            rc = undo_pause(ops);
    }
    return rc;
}

int xen_probe_paging(struct xen_ops *ops)
{
    int rc = xen_prep(ops, ~UINT64_C(0) >> 12);

    /* mem_paging_memop() looks for the ring (ENODEV) before it looks at the gfn (ENOENT). */
    if (rc == -ENODEV)
        return 0;
    if (rc == -ENOENT || rc == -EINVAL)
        return -EBUSY;
    return rc ? rc : -EBUSY;
}

int xen_ring_gfn(struct xen_ops *ops, uint64_t *gfn)
{
    int rc = xc_hvm_param_get(ops->xc, ops->domid, HVM_PARAM_PAGING_RING_PFN, gfn);

    if (rc < 0)
        return -errno;
    return *gfn ? 0 : -ENXIO;
}

int xen_map_ring(struct xen_ops *ops, uint64_t gfn, void **page)
{
    xen_pfn_t pfn = gfn;
    int error = 0;
    void *map =
        xenforeignmemory_map(ops->memory, ops->domid, PROT_READ | PROT_WRITE, 1, &pfn, &error);

    if (!map)
        return -errno;
    if (error) {
        xenforeignmemory_unmap(ops->memory, map, 1);
        return error;
    }
    *page = map;
    return 0;
}

void xen_unmap_ring(struct xen_ops *ops, void *page)
{
    xenforeignmemory_unmap(ops->memory, page, 1);
}

int xen_populate_ring(struct xen_ops *ops, uint64_t gfn)
{
    xen_pfn_t pfn = gfn;

    return negative_errno(xc_domain_populate_physmap_exact(ops->xc, ops->domid, 1, 0, 0, &pfn));
}

int xen_remove_ring(struct xen_ops *ops, uint64_t gfn)
{
    xen_pfn_t pfn = gfn;

    return negative_errno(xc_domain_decrease_reservation_exact(ops->xc, ops->domid, 1, 0, &pfn));
}

static int find_out_kind(struct xen_ops *ops)
{
    const uint32_t needed = XENMEM_paging_feature_batch | XENMEM_paging_feature_pins;
    int rc = xen_probe_features(ops);

    ops->way = (ops->features & needed) == needed ? &xen_batch : &xen_stock;
    return rc;
}

int xen_enable_paging(struct xen_ops *ops, uint32_t *port)
{
    int rc = negative_errno(xc_mem_paging_enable(ops->xc, ops->domid, port));

    if (rc)
        return rc;
    rc = find_out_kind(ops);
    if (rc)
        xen_disable_paging(ops);
    return rc;
}

int xen_take_over_paging(struct xen_ops *ops, uint32_t *port)
{
    int rc = negative_errno(xc_mem_paging_enable(ops->xc, ops->domid, port));

    return rc ? rc : find_out_kind(ops);
}

int xen_disable_paging(struct xen_ops *ops)
{
    return negative_errno(xc_mem_paging_disable(ops->xc, ops->domid));
}

bool xen_replaces_rings(struct xen_ops *ops)
{
    return !xen_probe_features(ops) && (ops->features & XENMEM_paging_feature_reattach);
}

/* EINVAL: it was off. */
int xen_renew_paging(struct xen_ops *ops, uint32_t *port)
{
    int rc = xen_disable_paging(ops);

    return rc && rc != -EINVAL ? rc : xen_take_over_paging(ops, port);
}

int xen_resume_paging(struct xen_ops *ops)
{
    return negative_errno(xc_mem_paging_resume(ops->xc, ops->domid));
}

bool xen_is_patched(const struct xen_ops *ops)
{
    return ops->way == &xen_batch;
}

bool xen_has_doorbell(const struct xen_ops *ops)
{
    return xen_is_patched(ops) && ops->features & XENMEM_paging_feature_doorbell;
}

unsigned int xen_step(const struct xen_ops *ops)
{
    return ops->way->step;
}

void xen_nominate(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    assert(nr <= xen_step(ops));
    if (nr)
        ops->way->nominate(ops, pages, nr);
}

void xen_evict(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    assert(nr <= xen_step(ops));
    if (nr)
        ops->way->evict(ops, pages, nr);
}

void xen_cancel(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    assert(nr <= xen_step(ops));
    if (nr)
        ops->way->cancel(ops, pages, nr);
}

void xen_query(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    assert(nr <= XEN_MAX_QUERY);
    if (nr)
        ops->way->query(ops, pages, nr);
}

int xen_paging_op(struct xen_ops *ops, uint8_t op, uint64_t gfn, const void *buffer)
{
    xen_mem_paging_op_t *arg = &ops->batch_args->op;
    int rc;

    *arg = (xen_mem_paging_op_t){.op = op, .domain = (domid_t)ops->domid, .gfn = gfn};
    set_xen_guest_handle_raw(arg->buffer, (const uint8_t *)buffer);
    rc = xencall2(ops->call, __HYPERVISOR_memory_op, XENMEM_paging_op, (uint64_t)(uintptr_t)arg);
    return rc < 0 ? -errno : rc;
}

/*
 * Not by xc_mem_paging_load(): that locks the page into memory and unlocks it again, which takes
 * longer than the hypercall, and leaves a buffer unlocked that was locked for good.
 */
int xen_load(struct xen_ops *ops, uint32_t gfn, const void *page)
{
    return xen_paging_op(ops, XENMEM_paging_op_prep, gfn, page);
}

void xen_load_all(struct xen_ops *ops, struct xen_page *pages, unsigned int nr)
{
    assert(nr <= xen_step(ops));
    if (nr == 1)
        pages[0].rc = xen_load(ops, pages[0].gfn, pages[0].copy);
    else if (nr)
        ops->way->load(ops, pages, nr);
}

int xen_prep(struct xen_ops *ops, uint64_t gfn)
{
    return negative_errno(xc_mem_paging_prep(ops->xc, ops->domid, gfn));
}
