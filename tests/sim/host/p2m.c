/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The p2m of a domain: tests/rules/p2m_rules.h, with frames, counts, and the ring. */
#include "host.h"

#include <errno.h>
#include <string.h>

struct p2m_entry *p2m_entry(struct domain *d, uint64_t gfn)
{
    static struct p2m_entry none;

    none = P2M_HOLE;
    return gfn < d->nr_gfns ? &d->p2m[gfn] : &none;
}

/* Of the frame, if there is one. */
static struct p2m_use *use_of(const struct p2m_entry *e)
{
    return p2m_has_frame(e) ? &host.frames[e->frame].use : NULL;
}

static bool is_pinned(const struct p2m_entry *e)
{
    return p2m_has_frame(e) && use_of(e)->pins;
}

/* --- Out. --- */

int p2m_nominate(struct domain *d, uint64_t gfn, bool granted)
{
    struct p2m_entry *e = p2m_entry(d, gfn);

    return rule_nominate(e, use_of(e), granted);
}

int p2m_evict(struct domain *d, uint64_t gfn)
{
    struct p2m_entry *e = p2m_entry(d, gfn);
    uint32_t frame = e->frame;
    int rc = rule_evict(e, use_of(e));

    if (rc)
        return rc;
    if (!sabotage_now(FRAME_LEAKS))
        frame_put(frame);
    d->paged_pages++;
    d->page_outs++;
    return 0;
}

int p2m_cancel(struct domain *d, uint64_t gfn)
{
    return rule_cancel(p2m_entry(d, gfn));
}

int p2m_query(struct domain *d, uint64_t gfn)
{
    return rule_query(p2m_entry(d, gfn));
}

bool p2m_looks_like_a_hole(struct domain *d, uint64_t gfn)
{
    return rule_looks_like_a_hole(host_xen(), p2m_entry(d, gfn));
}

/* --- In. --- */

static int load(struct domain *d, uint64_t gfn, const void *page)
{
    uint32_t frame = frame_alloc(d);

    if (frame == NO_FRAME)
        return -ENOMEM;
    memcpy(frame_page(frame), page, PAGE_BYTES);
    frame_page(frame)[gfn % PAGE_BYTES] ^= sabotage_now(WRONG_BYTE);
    rule_load(p2m_entry(d, gfn), frame);
    d->paged_pages--;
    d->page_ins++;
    return 0;
}

int p2m_prepare(struct domain *d, uint64_t gfn, const void *page)
{
    int rc = rule_prepare(p2m_entry(d, gfn), page != NULL);

    if (rc == NEEDS_FRAME)
        rc = load(d, gfn, page);
    if (!rc)
        host_changed(); /* vCPUs may be waiting for it */
    return rc;
}

void p2m_resume(struct domain *d, uint64_t gfn)
{
    rule_resume(p2m_entry(d, gfn));
    host_changed();
}

static int claim_slot(struct domain *d, struct vcpu *v, uint64_t gfn)
{
    int rc = ring_claim_slot(d, v);

    if (rc != -EOPNOTSUPP)
        return rc;
    ring_wait_for_pager(v);
    if (!host.patched && !d->dying) /* the domain crashes */
        complain("d%u: gfn %#lx is wanted, and there is no ring", d->id, (unsigned long)gfn);
    return rc;
}

void p2m_populate(struct domain *d, struct vcpu *v, uint64_t gfn)
{
    struct p2m_entry *e = p2m_entry(d, gfn);
    static uint64_t random_of_dom0;
    vm_event_request_t request = {
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .vcpu_id = v ? v->id : 0, /* dom0's vCPU: it means nothing to the pager */
        .u.mem_paging.gfn = gfn,
    };

    if (rule_take_back(host_xen(), e) || claim_slot(d, v, gfn))
        return;
    if (!rule_want(host_xen(), e, v != NULL, &request)) {
        ring_cancel_slot(d, v);
        return;
    }
    if (v)
        v->event_pauses++;
    host_gap(v, v ? &v->random : &random_of_dom0);
    if (!v || !sabotage_now(REQUEST_LOST))
        ring_put_request(d, v, &request);
}

/* --- Others who look at it. --- */

enum access_outcome p2m_access(struct domain *d, enum access_by by, uint64_t gfn)
{
    return rule_access(host_xen(), p2m_entry(d, gfn), by);
}

int64_t p2m_map(struct domain *d, uint64_t gfn, bool write)
{
    struct p2m_entry *e = p2m_entry(d, gfn);
    bool asks;
    int rc = rule_map(host_xen(), e, write, &asks);

    if (asks)
        p2m_populate(d, NULL, gfn);
    if (rc)
        return rc;
    frame_pin(e->frame);
    return e->frame;
}

int p2m_set_mem_type(struct domain *d, uint64_t gfn, enum p2m_type type)
{
    struct p2m_entry *e = p2m_entry(d, gfn);
    bool asks;
    int rc = rule_set_mem_type(host_xen(), e, type, is_pinned(e), &asks);

    if (asks)
        p2m_populate(d, NULL, gfn);
    return rc;
}

/* The frame that was there is not freed: nobody has it any more. */
static void replaced(struct domain *d, const struct p2m_entry *old)
{
    if (p2m_has_frame(old))
        d->leaked++;
    else if (p2m_is_out(old))
        d->paged_pages--;
}

int p2m_add_device(struct domain *d, uint64_t gfn)
{
    struct p2m_entry *e = p2m_entry(d, gfn), old = *e;
    int rc = rule_add_device(e, is_pinned(e));

    if (!rc)
        replaced(d, &old);
    return rc;
}

int p2m_remove_device(struct domain *d, uint64_t gfn)
{
    return rule_remove_device(p2m_entry(d, gfn));
}

/* --- The balloon. --- */

int p2m_add_page(struct domain *d, uint64_t gfn)
{
    struct p2m_entry *e = p2m_entry(d, gfn);
    uint32_t frame;

    if (gfn >= d->nr_gfns)
        return -EINVAL;
    frame = frame_alloc(d);
    if (frame == NO_FRAME)
        return -ENOMEM;
    replaced(d, e);
    memset(frame_page(frame), SCRUBBED, PAGE_BYTES);
    rule_add(e, frame);
    host_changed();
    return 0;
}

/* A stock Xen counts what it could tell of, out or not. */
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

int p2m_remove_page(struct domain *d, struct vcpu *v, uint64_t gfn)
{
    struct p2m_removed removed;
    int rc = rule_remove(host_xen(), p2m_entry(d, gfn), &removed);

    if (rc)
        return rc;
    d->leaked += removed.leaks;
    if (removed.frame != NO_FRAME)
        frame_put(removed.frame);
    if (removed.tells)
        drop_page(d, v, gfn);
    return 0;
}
