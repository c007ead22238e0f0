/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's p2m: tests/rules/p2m_rules.h, with frames, counts, and the ring. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <string.h>

#include "page.h"

struct entry *entry_of(uint64_t gfn)
{
    static struct entry none;

    none = (struct entry){.p2m = P2M_HOLE};
    return gfn < machine.nr_gfns ? &machine.entries[gfn] : &none;
}

bool gfn_has_frame(uint64_t gfn)
{
    return p2m_has_frame(&entry_of(gfn)->p2m);
}

static struct p2m_use *use_of(const struct p2m_entry *e)
{
    return p2m_has_frame(e) ? &machine.uses[e->frame] : NULL;
}

bool p2m_looks_like_a_hole(uint64_t gfn)
{
    return rule_looks_like_a_hole(machine_xen(), &entry_of(gfn)->p2m);
}

/* --- Out. --- */

int p2m_nominate(uint64_t gfn, void *copy)
{
    struct p2m_entry *e = &entry_of(gfn)->p2m;
    int rc = rule_nominate(e, use_of(e), false);

    if (!rc && copy)
        memcpy(copy, frame_page(e->frame), PAGE_BYTES);
    return rc;
}

int p2m_evict(uint64_t gfn)
{
    struct p2m_entry *e = &entry_of(gfn)->p2m;
    uint32_t frame = e->frame;
    int rc = rule_evict(e, use_of(e));

    if (rc)
        return rc;
    frame_put(frame);
    machine.paged++;
    return 0;
}

int p2m_old_nominate(uint64_t gfn)
{
    return rule_old_error(p2m_nominate(gfn, NULL));
}

int p2m_old_evict(uint64_t gfn)
{
    return rule_old_error(p2m_evict(gfn));
}

int p2m_cancel(uint64_t gfn)
{
    return rule_cancel(&entry_of(gfn)->p2m);
}

int p2m_query(uint64_t gfn)
{
    return rule_query(&entry_of(gfn)->p2m);
}

/* --- In. --- */

static int load(uint64_t gfn, const void *page)
{
    uint32_t frame = new_frame();

    if (frame == NO_FRAME)
        return -ENOMEM;
    memcpy(frame_page(frame), page, PAGE_BYTES);
    rule_load(&entry_of(gfn)->p2m, frame);
    machine.paged--;
    check_contents((uint32_t)gfn);
    return 0;
}

int p2m_prepare(uint64_t gfn, const void *page)
{
    int rc = rule_prepare(&entry_of(gfn)->p2m, page != NULL);

    return rc == NEEDS_FRAME ? load(gfn, page) : rc;
}

bool p2m_populate(uint64_t gfn, uint32_t vcpu)
{
    struct p2m_entry *e = &entry_of(gfn)->p2m;
    vm_event_request_t request = {
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .vcpu_id = vcpu == NO_VCPU ? 1 : vcpu, /* of the host's vCPU: it means nothing */
        .u.mem_paging.gfn = gfn,
    };

    if (rule_take_back(machine_xen(), e))
        return true;
    if (!ring_has_slot())
        return vcpu == NO_VCPU; /* nobody in the host waits, and nobody is told */
    if (!rule_want(machine_xen(), e, vcpu != NO_VCPU, &request))
        return true;
    if (vcpu != NO_VCPU)
        vcpu_pause(vcpu);
    ring_put_request(&request, vcpu);
    return true;
}

void guest_report_late(unsigned int vcpu, uint32_t gfn)
{
    vm_event_request_t request = {
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .flags = VM_EVENT_FLAG_VCPU_PAUSED,
        .vcpu_id = vcpu,
        .u.mem_paging = {.gfn = gfn, .p2mt = TYPE_PAGING_IN},
    };

    assert_true(ring_has_slot());
    vcpu_want(vcpu, gfn);
    vcpu_pause(vcpu);
    ring_put_request(&request, vcpu);
}

void p2m_resume(const vm_event_response_t *response)
{
    if (!(response->u.mem_paging.flags & MEM_PAGING_DROP_PAGE))
        rule_resume(&entry_of(response->u.mem_paging.gfn)->p2m);
}

/* To ram_rw. */
int p2m_set_mem_type(uint64_t gfn)
{
    struct p2m_entry *e = &entry_of(gfn)->p2m;
    bool asks;
    int rc = rule_set_mem_type(machine_xen(), e, TYPE_RAM_RW, false, &asks);

    if (asks)
        p2m_populate(gfn, NO_VCPU);
    return rc;
}

/* --- The balloon. --- */

int p2m_add_frame(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);
    uint32_t frame;

    if (gfn >= machine.nr_gfns)
        return -EINVAL;
    frame = new_frame();
    if (frame == NO_FRAME)
        return -ENOMEM;
    machine.paged -= p2m_is_out(&entry->p2m);
    rule_add(&entry->p2m, frame);
    entry->version = 0;
    memset(frame_page(frame), 0, PAGE_BYTES);
    return 0;
}

static void drop_page(uint64_t gfn, enum p2m_type type)
{
    vm_event_request_t request = {.reason = VM_EVENT_REASON_MEM_PAGING};

    if (!ring_has_slot())
        return; /* in Xen, the vCPU waits for one */
    request.u.mem_paging.gfn = gfn;
    request.u.mem_paging.flags = MEM_PAGING_DROP_PAGE;
    if (type == TYPE_PAGING_OUT)
        request.u.mem_paging.flags |= MEM_PAGING_EVICT_FAIL;
    ring_put_request(&request, 0);
}

int p2m_remove(uint64_t gfn)
{
    struct p2m_entry *e = &entry_of(gfn)->p2m, old = *e;
    struct p2m_removed removed;
    int rc = rule_remove(machine_xen(), e, &removed);

    if (rc)
        return rc;
    if (removed.frame != NO_FRAME)
        frame_put(removed.frame);
    machine.paged -= removed.tells;
    if (removed.tells || (old.type == TYPE_PAGING_OUT && fake_xen.tells_of_nominated_drops))
        drop_page(gfn, old.type);
    return 0;
}

uint64_t p2m_ring_gfn(void)
{
    return machine.nr_gfns - 1;
}
