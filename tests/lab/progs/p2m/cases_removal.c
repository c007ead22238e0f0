/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that are out, or on their way, are given up or replaced. After "balloon in" the gfn is as
 * it was, whatever went wrong before.
 */
#include "cases.h"

#include <errno.h>
#include <string.h>

#include "pager.h"
#include "report.h"
#include "xen.h"

static bool counts_are(struct xen_counts before, long resident, long paged)
{
    struct xen_counts now = xen_counts();

    remark("resident %+ld, paged out %+ld", now.resident - before.resident,
           now.paged - before.paged);
    return now.resident - before.resident == resident && now.paged - before.paged == paged;
}

/* Eviction that is refused changes nothing; one that is not moves one page from one count to the
 * other. That Xen's own call to change the p2m fails in between cannot be brought about. */
static const char *evict_order(uint64_t gfn)
{
    struct xen_counts before = xen_counts();
    uint8_t copy[PAGE_BYTES];
    void *page;
    int error;

    xen_fill(gfn, 0x11);
    must("nominate", xen_nominate(gfn));
    page = xen_map(gfn, PROT_READ, &error);
    must("mapping a nominated page", error);
    memcpy(copy, page, PAGE_BYTES);
    if (xen_evict(gfn) == 0)
        return "a mapped page was evicted";
    if (!counts_are(before, 0, 0))
        return "an eviction that was refused changed the counts";
    xen_unmap(page);
    must("evict", xen_evict(gfn));
    if (!counts_are(before, -1, 1))
        return "an eviction left wrong counts";
    must("load", xen_load(gfn, copy));
    if (!counts_are(before, 0, 0))
        return "a load left wrong counts";
    return xen_holds(gfn, 0x11) ? NULL : "the page came back with other contents";
}

static const char *balloon_paged(uint64_t gfn)
{
    struct xen_counts before = xen_counts();
    vm_event_request_t request;

    must("page out", pager_out(gfn));
    if (xen_balloon_out(gfn))
        return "a page that is out cannot be ballooned out";
    if (!counts_are(before, -1, 0))
        return "the counts are wrong";
    if (!pager_take(&request) || !(request.u.mem_paging.flags & MEM_PAGING_DROP_PAGE))
        return "the pager is not told that it may drop the page";
    pager_answer(&request);
    must("a new page", xen_balloon_in(gfn));
    return NULL;
}

/* Asked for before it was evicted: its frame is still there. */
static const char *balloon_paging_in(uint64_t gfn)
{
    struct xen_counts before = xen_counts();
    bool right;

    must("nominate", xen_nominate(gfn));
    xen_set_type(gfn, HVMMEM_ram_rw);
    if (xen_balloon_out(gfn))
        return "a page that is on its way in cannot be ballooned out";
    right = counts_are(before, -1, 0);
    pager_serve();
    must("a new page", xen_balloon_in(gfn));
    return right ? NULL : "the page was not freed, or the counts are wrong";
}

static const char *populate_over_paging_in(uint64_t gfn)
{
    struct xen_counts before = xen_counts();

    must("page out", pager_out(gfn));
    pager_ask_foreign(gfn, 1);
    if (xen_balloon_in(gfn))
        return "no new page can take the place of one that is on its way in";
    if (!counts_are(before, 0, 0))
        return "the counts are wrong";
    return NULL;
}

static const char *mapping_over_paged(uint64_t gfn)
{
    struct xen_counts before = xen_counts();

    must("page out", pager_out(gfn));
    if (xen_map_device(gfn, true))
        return "no device can be mapped where a page is out";
    if (!counts_are(before, -1, 0))
        return "the counts are wrong";
    must("unmapping the device", xen_map_device(gfn, false));
    must("a new page", xen_balloon_in(gfn));
    return NULL;
}

const struct p2m_case removal_cases[] = {
    {"evict-order", "counts and contents over refused and done evictions", evict_order},
    {"balloon-paged", "a page that is out is ballooned out", balloon_paged},
    {"balloon-paging-in", "a nominated page that was asked for is ballooned out",
     balloon_paging_in},
    {"populate-over-paging-in",
     "a new page takes the place of one that was asked for; may crash Xen",
     populate_over_paging_in},
    {"mapping-over-paged", "a device is mapped where a page is out; may crash Xen",
     mapping_over_paged},
    {0}};
