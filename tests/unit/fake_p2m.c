/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states of gfns, and what hypercalls make of them, as in xen/arch/x86/mm/mem_paging.c. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <string.h>

#include "page.h"
#include "xen_paging_batch.h"

struct entry *entry_of(uint64_t gfn)
{
    static struct entry none;

    none = (struct entry){.type = TYPE_INVALID, .frame = NO_FRAME};
    return gfn < machine.nr_gfns ? &machine.entries[gfn] : &none;
}

bool p2m_has_frame(uint64_t gfn)
{
    return entry_of(gfn)->frame != NO_FRAME;
}

/* A patched hypervisor does not take pages that are out for holes. */
bool p2m_looks_like_a_hole(uint64_t gfn)
{
    return !p2m_has_frame(gfn) && !(fake_xen_is_patched() && entry_of(gfn)->type != TYPE_INVALID);
}

int p2m_nominate(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->frame == NO_FRAME || entry->type != TYPE_RAM_RW || machine.refs[entry->frame] != 1)
        return -EBUSY;
    entry->type = TYPE_PAGING_OUT;
    return 0;
}

int p2m_evict(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->frame == NO_FRAME || entry->type != TYPE_PAGING_OUT ||
        machine.refs[entry->frame] != 1)
        return -EBUSY;
    frame_put(entry->frame);
    entry->frame = NO_FRAME;
    entry->type = TYPE_PAGED;
    machine.paged++;
    return 0;
}

static bool is_in_use(struct entry *entry)
{
    bool in_use = machine.refs[entry->frame] != 1;

    if (in_use && entry->pins)
        entry->rings = has_feature(XENMEM_paging_feature_doorbell);
    return in_use;
}

int p2m_nominate_and_copy(uint64_t gfn, void *copy)
{
    struct entry *entry = entry_of(gfn);

    if (entry->frame == NO_FRAME)
        return -ENOENT;
    if (entry->type != TYPE_RAM_RW)
        return -EINVAL;
    if (is_in_use(entry))
        return -EAGAIN;
    entry->type = TYPE_PAGING_OUT;
    if (copy)
        memcpy(copy, frame_page(entry->frame), PAGE_BYTES);
    return 0;
}

int p2m_evict_nominated(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->type != TYPE_PAGING_OUT)
        return -ENOENT;
    return is_in_use(entry) ? -EAGAIN : p2m_evict(gfn);
}

int p2m_cancel(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->type != TYPE_PAGING_OUT)
        return -ENOENT;
    entry->type = TYPE_RAM_RW;
    return 0;
}

void p2m_take_back_returning(void)
{
    for (uint32_t gfn = 0; gfn < machine.nr_gfns; gfn++)
        if (machine.entries[gfn].type == TYPE_PAGING_IN && p2m_has_frame(gfn))
            machine.entries[gfn].type = TYPE_RAM_RW;
}

int p2m_query(uint64_t gfn)
{
    const struct entry *entry = entry_of(gfn);

    switch (entry->type) {
    case TYPE_RAM_RW:
        return XENMEM_paging_state_resident;
    case TYPE_PAGING_OUT:
        return XENMEM_paging_state_nominated;
    case TYPE_PAGED:
        return XENMEM_paging_state_paged;
    case TYPE_PAGING_IN:
        return entry->frame == NO_FRAME ? XENMEM_paging_state_wanted
                                        : XENMEM_paging_state_returning;
    default:
        return XENMEM_paging_state_none;
    }
}

int p2m_prepare(uint64_t gfn, const void *page)
{
    struct entry *entry = entry_of(gfn);

    if (entry->type != TYPE_PAGING_IN && entry->type != TYPE_PAGED)
        return -ENOENT;
    if (entry->frame == NO_FRAME) {
        if (!page)
            return -EINVAL;
        entry->frame = new_frame();
        if (entry->frame == NO_FRAME)
            return -ENOMEM;
        memcpy(frame_page(entry->frame), page, PAGE_BYTES);
        machine.paged--;
        check_contents((uint32_t)gfn);
    }
    entry->type = TYPE_RAM_RW;
    return 0;
}

bool p2m_populate(uint64_t gfn, uint32_t vcpu)
{
    struct entry *entry = entry_of(gfn);
    enum fake_type type = entry->type;
    vm_event_request_t request = {.reason = VM_EVENT_REASON_MEM_PAGING};

    if (!ring_has_slot())
        return vcpu == NO_VCPU; /* nobody in the host waits, and nobody is told */
    if (type == TYPE_PAGING_OUT || type == TYPE_PAGED)
        entry->type = TYPE_PAGING_IN;
    else if (type != TYPE_PAGING_IN || vcpu == NO_VCPU)
        return true; /* on its way back already */
    if (type == TYPE_PAGING_OUT)
        request.u.mem_paging.flags |= MEM_PAGING_EVICT_FAIL;
    if (vcpu != NO_VCPU) {
        vcpu_pause(vcpu);
        request.flags |= VM_EVENT_FLAG_VCPU_PAUSED;
    }
    request.u.mem_paging.gfn = gfn;
    request.u.mem_paging.p2mt = type;
    request.vcpu_id = vcpu == NO_VCPU ? 1 : vcpu; /* of the host's vCPU: it means nothing */
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

static void drop_page(uint64_t gfn, enum fake_type type)
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

void p2m_resume(const vm_event_response_t *response)
{
    struct entry *entry = entry_of(response->u.mem_paging.gfn);

    if (response->u.mem_paging.flags & MEM_PAGING_DROP_PAGE)
        return;
    if (entry->frame != NO_FRAME && entry->type == TYPE_PAGING_IN)
        entry->type = TYPE_RAM_RW;
}

/* set_mem_type() of hvm/dm.c, to ram_rw. */
int p2m_set_mem_type(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (gfn >= machine.nr_gfns || entry->type == TYPE_INVALID)
        return -EINVAL;
    if (entry->type == TYPE_RAM_RW)
        return 0;
    p2m_populate(gfn, NO_VCPU);
    return -EAGAIN;
}

/* populate_physmap() and guest_remove_page(). */
int p2m_add_frame(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);
    uint32_t frame = new_frame();

    if (frame == NO_FRAME)
        return -ENOMEM;
    if (gfn >= machine.nr_gfns) {
        frame_put(frame);
        return -EINVAL;
    }
    if (entry->frame != NO_FRAME)
        frame_put(entry->frame); /* what was there is lost */
    else if (entry->type != TYPE_INVALID)
        machine.paged--;
    *entry = (struct entry){.type = TYPE_RAM_RW, .frame = frame};
    memset(frame_page(frame), 0, PAGE_BYTES);
    return 0;
}

int p2m_remove(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);
    enum fake_type type = entry->type;

    if (type == TYPE_INVALID)
        return -EINVAL;
    if (entry->frame == NO_FRAME)
        machine.paged--;
    else
        frame_put(entry->frame);
    entry->frame = NO_FRAME;
    entry->type = TYPE_INVALID;
    if (type == TYPE_PAGED || type == TYPE_PAGING_IN ||
        (type == TYPE_PAGING_OUT && fake_xen.tells_of_nominated_drops))
        drop_page(gfn, type);
    return 0;
}

uint64_t p2m_ring_gfn(void)
{
    return machine.nr_gfns - 1;
}
