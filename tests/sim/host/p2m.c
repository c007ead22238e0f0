/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a gfn, as in Xen 4.17's arch/x86/mm/mem_paging.c and mm/p2m.c, and as these are
 * with hypervisor-patches/ applied. What a stock Xen does wrong is done wrong here, too.
 */
#include "host.h"

#include <errno.h>
#include <string.h>

#include "xen_paging_batch.h"

static const struct entry hole = {.type = TYPE_INVALID, .frame = NO_FRAME};

struct entry *p2m_entry(struct domain *d, uint64_t gfn)
{
    static struct entry none;

    none = hole;
    return gfn < d->nr_gfns ? &d->p2m[gfn] : &none;
}

static bool is_paging(const struct entry *e)
{
    return e->type == TYPE_PAGING_OUT || e->type == TYPE_PAGED || e->type == TYPE_PAGING_IN;
}

static bool has_frame(const struct entry *e)
{
    return e->frame != NO_FRAME;
}

static void make_ram(struct entry *e)
{
    e->type = TYPE_RAM_RW;
    host_changed(); /* vCPUs may be waiting for it */
}

/* --- Out. The codes are those of a patched Xen; legacy_error() makes the others of them. --- */

static int check_use(uint32_t frame)
{
    struct frame *f = &host.frames[frame];

    f->notify = f->pins > 0;
    return f->refs == 1 ? 0 : -EAGAIN;
}

int p2m_nominate(struct domain *d, uint64_t gfn, bool granted)
{
    struct entry *e = p2m_entry(d, gfn);
    int rc;

    if (!has_frame(e))
        return -ENOENT;
    if (is_paging(e))
        return -EINVAL;
    if (e->type != TYPE_RAM_RW)
        return -EBUSY;
    rc = check_use(e->frame);
    if (rc)
        return rc;
    if (granted)
        return -EAGAIN;
    e->type = TYPE_PAGING_OUT;
    return 0;
}

int p2m_evict(struct domain *d, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);
    int rc;

    if (!has_frame(e) || e->type != TYPE_PAGING_OUT)
        return -ENOENT;
    rc = check_use(e->frame);
    if (rc)
        return rc;
    if (!sabotage_now(FRAME_LEAKS))
        frame_put(e->frame, false);
    *e = (struct entry){.type = TYPE_PAGED, .frame = NO_FRAME};
    d->paged_pages++;
    d->page_outs++;
    return 0;
}

bool p2m_looks_like_a_hole(struct domain *d, uint64_t gfn)
{
    const struct entry *e = p2m_entry(d, gfn);

    return !has_frame(e) && !(host.patched && is_paging(e));
}

bool p2m_cancel(struct domain *d, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);

    if (!is_paging(e) || !has_frame(e))
        return false;
    make_ram(e);
    return true;
}

int p2m_query(struct domain *d, uint64_t gfn)
{
    const struct entry *e = p2m_entry(d, gfn);

    switch (e->type) {
    case TYPE_RAM_RW:
    case TYPE_RAM_RO:
        return XENMEM_paging_state_resident;
    case TYPE_PAGING_OUT:
        return XENMEM_paging_state_nominated;
    case TYPE_PAGED:
        return XENMEM_paging_state_paged;
    case TYPE_PAGING_IN:
        return has_frame(e) ? XENMEM_paging_state_returning : XENMEM_paging_state_wanted;
    default:
        return XENMEM_paging_state_none;
    }
}

/* --- In. --- */

int p2m_prepare(struct domain *d, uint64_t gfn, const void *page)
{
    struct entry *e = p2m_entry(d, gfn);

    if (e->type != TYPE_PAGING_IN && e->type != TYPE_PAGED)
        return -ENOENT;
    if (!has_frame(e)) {
        if (!page)
            return -EINVAL;
        e->frame = frame_alloc(d);
        if (!has_frame(e))
            return -ENOMEM;
        memcpy(frame_page(e->frame), page, PAGE_BYTES);
        frame_page(e->frame)[gfn % PAGE_BYTES] ^= sabotage_now(WRONG_BYTE);
        d->paged_pages--;
        d->page_ins++;
    }
    make_ram(e);
    return 0;
}

/* Whether the request is to be sent. */
static bool want(struct entry *e, struct vcpu *v, vm_event_request_t *request)
{
    enum type type = e->type;

    if (type == TYPE_PAGING_OUT || type == TYPE_PAGED) {
        if (type == TYPE_PAGING_OUT)
            request->u.mem_paging.flags |= MEM_PAGING_EVICT_FAIL;
        e->type = TYPE_PAGING_IN;
    }
    if (is_paging(e) && v) {
        v->event_pauses++;
        request->flags |= VM_EVENT_FLAG_VCPU_PAUSED;
        return true;
    }
    return type == TYPE_PAGING_OUT || type == TYPE_PAGED;
}

void p2m_populate(struct domain *d, struct vcpu *v, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);
    static uint64_t random_of_dom0;
    vm_event_request_t request = {
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .vcpu_id = v ? v->id : 0, /* dom0's vCPU: it means nothing to the pager */
        .u.mem_paging.gfn = gfn,
    };
    int rc;

    if (host.patched && p2m_cancel(d, gfn))
        return;
    rc = ring_claim_slot(d, v);
    if (rc == -EOPNOTSUPP)
        ring_wait_for_pager(v);
    if (rc == -EOPNOTSUPP && !host.patched && !d->dying) /* the domain crashes */
        complain("d%u: gfn %#lx is wanted, and there is no ring", d->id, (unsigned long)gfn);
    if (rc)
        return;
    request.u.mem_paging.p2mt = e->type;
    if ((host.patched && has_frame(e)) || !want(e, v, &request)) {
        ring_cancel_slot(d, v);
        return;
    }
    host_gap(v, v ? &v->random : &random_of_dom0);
    if (!v || !sabotage_now(REQUEST_LOST))
        ring_put_request(d, v, &request);
}

void p2m_resume(struct domain *d, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);

    if (has_frame(e) && e->type == TYPE_PAGING_IN)
        make_ram(e);
}

/* --- Others who look at it. --- */

int64_t p2m_map(struct domain *d, uint64_t gfn, bool write)
{
    struct entry *e = p2m_entry(d, gfn);

    if (host.patched && write)
        p2m_cancel(d, gfn);
    if (e->type == TYPE_PAGED)
        p2m_populate(d, NULL, gfn);
    if (is_paging(e) && !has_frame(e))
        return -ENOENT;
    if (!has_frame(e))
        return -EINVAL;
    if (host.patched && write && e->type == TYPE_RAM_RO)
        return -EACCES;
    frame_get(e->frame, true);
    return e->frame;
}

int p2m_set_mem_type(struct domain *d, uint64_t gfn, enum type type)
{
    struct entry *e = p2m_entry(d, gfn);

    if (host.patched)
        p2m_cancel(d, gfn);
    if (is_paging(e)) {
        p2m_populate(d, NULL, gfn);
        return -EAGAIN;
    }
    if (e->type != TYPE_RAM_RW && e->type != TYPE_RAM_RO)
        return -EINVAL;
    if (type == TYPE_RAM_RO && host.frames[e->frame].pins)
        return -EAGAIN;
    e->type = type;
    return 0;
}

/* The frame that was there is not freed: nobody has it any more. */
static void replace(struct domain *d, struct entry *e)
{
    if (has_frame(e))
        d->leaked++;
    else if (is_paging(e))
        d->paged_pages--;
}

int p2m_add_device(struct domain *d, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);

    if (has_frame(e) && host.frames[e->frame].pins)
        return -EAGAIN;
    replace(d, e);
    *e = (struct entry){.type = TYPE_MMIO_DIRECT, .frame = NO_FRAME};
    return 0;
}

int p2m_remove_device(struct domain *d, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);

    if (e->type != TYPE_MMIO_DIRECT)
        return -EINVAL;
    *e = hole;
    return 0;
}

/* --- The balloon: populate_physmap() and guest_remove_page(). --- */

int p2m_add_page(struct domain *d, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);
    uint32_t frame;

    if (gfn >= d->nr_gfns)
        return -EINVAL;
    frame = frame_alloc(d);
    if (frame == NO_FRAME)
        return -ENOMEM;
    replace(d, e);
    memset(frame_page(frame), SCRUBBED, PAGE_BYTES);
    e->frame = frame;
    make_ram(e);
    return 0;
}

static void drop_page(struct domain *d, struct vcpu *v, uint64_t gfn)
{
    vm_event_request_t request = {
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .u.mem_paging = {.gfn = gfn, .flags = MEM_PAGING_DROP_PAGE},
    };
    bool claimed = !ring_claim_slot(d, v);

    if (claimed || host.patched)
        d->paged_pages--;
    if (claimed)
        ring_put_request(d, v, &request);
}

/* A stock Xen finds no frame where it expects none, and takes that for an error. */
static int remove_paging_stock(struct domain *d, struct vcpu *v, uint64_t gfn, struct entry *e)
{
    if (!has_frame(e))
        return -EILSEQ;
    d->leaked++;
    *e = hole;
    drop_page(d, v, gfn);
    return 0;
}

int p2m_remove_page(struct domain *d, struct vcpu *v, uint64_t gfn)
{
    struct entry *e = p2m_entry(d, gfn);
    struct entry old = *e;

    if (e->type == TYPE_INVALID)
        return -ENOENT;
    if (e->type == TYPE_MMIO_DIRECT)
        return -EPERM;
    if (!host.patched && is_paging(e) && e->type != TYPE_PAGING_OUT)
        return remove_paging_stock(d, v, gfn, e);
    *e = hole;
    if (has_frame(&old))
        frame_put(old.frame, false);
    else
        drop_page(d, v, gfn);
    return 0;
}
