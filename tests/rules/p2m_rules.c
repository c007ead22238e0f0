/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "p2m_rules.h"

#include <errno.h>

#include "xen_paging_batch.h"

bool p2m_is_paging(const struct p2m_entry *e)
{
    return e->type == TYPE_PAGING_OUT || e->type == TYPE_PAGED || e->type == TYPE_PAGING_IN;
}

bool p2m_has_frame(const struct p2m_entry *e)
{
    return e->frame != NO_FRAME;
}

bool p2m_is_out(const struct p2m_entry *e)
{
    return p2m_is_paging(e) && !p2m_has_frame(e);
}

/* --- Out. --- */

/* Who is refused for a pin is told when the last one goes. */
static int check_use(struct p2m_use *use)
{
    use->rings = use->pins > 0;
    return use->refs == 1 ? 0 : -EAGAIN;
}

int rule_nominate(struct p2m_entry *e, struct p2m_use *use, bool granted)
{
    int rc;

    if (!p2m_has_frame(e))
        return -ENOENT;
    if (p2m_is_paging(e))
        return -EINVAL;
    if (e->type != TYPE_RAM_RW)
        return -EBUSY;
    rc = check_use(use);
    if (rc)
        return rc;
    if (granted)
        return -EAGAIN;
    e->type = TYPE_PAGING_OUT;
    return 0;
}

int rule_evict(struct p2m_entry *e, struct p2m_use *use)
{
    int rc;

    if (!p2m_has_frame(e) || e->type != TYPE_PAGING_OUT)
        return -ENOENT;
    rc = check_use(use);
    if (rc)
        return rc;
    *e = (struct p2m_entry){.type = TYPE_PAGED, .frame = NO_FRAME};
    return 0;
}

int rule_old_error(int rc)
{
    return rc == -EAGAIN || rc == -EINVAL || rc == -ENOENT ? -EBUSY : rc;
}

int rule_cancel(struct p2m_entry *e)
{
    if (e->type != TYPE_PAGING_OUT)
        return -ENOENT;
    e->type = TYPE_RAM_RW;
    return 0;
}

int rule_query(const struct p2m_entry *e)
{
    switch (e->type) {
    case TYPE_RAM_RW:
    case TYPE_RAM_RO:
        return XENMEM_paging_state_resident;
    case TYPE_PAGING_OUT:
        return XENMEM_paging_state_nominated;
    case TYPE_PAGED:
        return XENMEM_paging_state_paged;
    case TYPE_PAGING_IN:
        return p2m_has_frame(e) ? XENMEM_paging_state_returning : XENMEM_paging_state_wanted;
    default:
        return XENMEM_paging_state_none;
    }
}

bool rule_looks_like_a_hole(struct p2m_xen xen, const struct p2m_entry *e)
{
    return !p2m_has_frame(e) && !(xen.patched && p2m_is_paging(e));
}

void rule_pin(struct p2m_xen xen, struct p2m_use *use)
{
    use->refs++;
    use->pins += xen.patched;
}

bool rule_unpin(struct p2m_xen xen, struct p2m_use *use)
{
    bool rings;

    use->refs--;
    if (!xen.patched || --use->pins)
        return false;
    rings = use->rings;
    use->rings = false;
    return rings;
}

/* --- In. --- */

int rule_prepare(struct p2m_entry *e, bool has_page)
{
    if (e->type != TYPE_PAGING_IN && e->type != TYPE_PAGED)
        return -ENOENT;
    if (!p2m_has_frame(e))
        return has_page ? NEEDS_FRAME : -EINVAL;
    e->type = TYPE_RAM_RW;
    return 0;
}

void rule_load(struct p2m_entry *e, uint32_t frame)
{
    *e = (struct p2m_entry){.type = TYPE_RAM_RW, .frame = frame};
}

void rule_resume(struct p2m_entry *e)
{
    if (p2m_has_frame(e) && e->type == TYPE_PAGING_IN)
        e->type = TYPE_RAM_RW;
}

/* To a stock Xen, a response to nobody who waits is none. */
bool rule_heeds_response(struct p2m_xen xen, bool is_paused)
{
    return xen.patched || is_paused;
}

bool rule_take_back(struct p2m_xen xen, struct p2m_entry *e)
{
    if (!xen.patched || !p2m_is_paging(e) || !p2m_has_frame(e))
        return false;
    e->type = TYPE_RAM_RW;
    return true;
}

bool rule_want(struct p2m_xen xen, struct p2m_entry *e, bool by_vcpu, vm_event_request_t *request)
{
    enum p2m_type type = e->type;

    if (!p2m_is_paging(e) || (xen.patched && p2m_has_frame(e)))
        return false; /* it has come back while a slot was waited for */
    request->u.mem_paging.p2mt = type;
    if (type == TYPE_PAGING_OUT)
        request->u.mem_paging.flags |= MEM_PAGING_EVICT_FAIL;
    e->type = TYPE_PAGING_IN;
    if (by_vcpu)
        request->flags |= VM_EVENT_FLAG_VCPU_PAUSED;
    return by_vcpu || type != TYPE_PAGING_IN;
}

/* --- Others who look at it. --- */

/*
 * A nested page fault on a page on its way in sends nothing on a stock Xen: the vCPU has it again
 * and again until the page is there. And where Xen writes without page tables, it takes a page
 * without a frame for a device.
 */
enum access_outcome rule_access(struct p2m_xen xen, const struct p2m_entry *e, enum access_by by)
{
    if (!p2m_is_paging(e))
        return ACCESS_GOES_ON;
    if (!xen.patched && by == BY_XEN_UNTRANSLATED && !p2m_has_frame(e))
        return ACCESS_GOES_ON;
    return !xen.patched && by == BY_VCPU && e->type == TYPE_PAGING_IN ? ACCESS_SPINS : ACCESS_ASKS;
}

/* mod_l1_entry(): to a reader, and on a stock Xen to a writer, a nominated page is as any other. */
int rule_map(struct p2m_xen xen, struct p2m_entry *e, bool write, bool *asks)
{
    if (write)
        rule_take_back(xen, e);
    *asks = e->type == TYPE_PAGED;
    if (p2m_is_out(e))
        return -ENOENT;
    if (!p2m_has_frame(e))
        return -EINVAL;
    return xen.patched && write && e->type == TYPE_RAM_RO ? -EACCES : 0;
}

/* check_get_page_from_gfn(): any paging type counts as not there. */
int rule_copy(struct p2m_xen xen, struct p2m_entry *e, bool *asks)
{
    rule_take_back(xen, e);
    *asks = p2m_is_paging(e);
    if (*asks)
        return -EAGAIN;
    return p2m_has_frame(e) ? 0 : -EINVAL;
}

int rule_set_mem_type(struct p2m_xen xen, struct p2m_entry *e, enum p2m_type type, bool is_pinned,
                      bool *asks)
{
    rule_take_back(xen, e);
    *asks = p2m_is_paging(e);
    if (*asks)
        return -EAGAIN;
    if (e->type != TYPE_RAM_RW && e->type != TYPE_RAM_RO)
        return -EINVAL;
    if (type == TYPE_RAM_RO && is_pinned)
        return -EAGAIN;
    e->type = type;
    return 0;
}

int rule_add_device(struct p2m_entry *e, bool is_pinned)
{
    if (is_pinned)
        return -EAGAIN;
    *e = (struct p2m_entry){.type = TYPE_MMIO_DIRECT, .frame = NO_FRAME};
    return 0;
}

int rule_remove_device(struct p2m_entry *e)
{
    if (e->type != TYPE_MMIO_DIRECT)
        return -EINVAL;
    *e = P2M_HOLE;
    return 0;
}

/* --- The balloon. --- */

/* A stock Xen finds no frame where it expects none, and takes that for an error. */
static int remove_paging_stock(struct p2m_entry *e, struct p2m_removed *removed)
{
    if (!p2m_has_frame(e))
        return -EILSEQ;
    *removed = (struct p2m_removed){.frame = NO_FRAME, .leaks = true, .tells = true};
    *e = P2M_HOLE;
    return 0;
}

int rule_remove(struct p2m_xen xen, struct p2m_entry *e, struct p2m_removed *removed)
{
    if (e->type == TYPE_INVALID)
        return -ENOENT;
    if (e->type == TYPE_MMIO_DIRECT)
        return -EPERM;
    if (!xen.drops_what_is_out && p2m_is_paging(e) && e->type != TYPE_PAGING_OUT)
        return remove_paging_stock(e, removed);
    *removed = (struct p2m_removed){.frame = e->frame, .tells = !p2m_has_frame(e)};
    *e = P2M_HOLE;
    return 0;
}

void rule_add(struct p2m_entry *e, uint32_t frame)
{
    rule_load(e, frame);
}
