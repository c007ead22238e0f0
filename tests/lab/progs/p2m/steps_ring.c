/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring and the event channel, and pagers that come and go. */
#include "steps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conformance.h"
#include "pager.h"
#include "report.h"
#include "xen.h"

#define RING_SLOTS 8
#define QUIET_MS 100 /* for a bell that must not ring */

static void note_request(const vm_event_request_t *request)
{
    static const struct {
        uint32_t value;
        const char *name;
    } types[] = {{9, "out"}, {10, "paged"}, {11, "in"}}; /* p2m_type_t */
    size_t length = strlen(steps.requests);
    const char *type = "";

    if (request->u.mem_paging.gfn != steps.gfn) {
        steps.nr_others++;
        return;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].value == request->u.mem_paging.p2mt)
            type = types[i].name;
    snprintf(steps.requests + length, sizeof(steps.requests) - length, " %s%s%s%s%s", type,
             request->flags & VM_EVENT_FLAG_VCPU_PAUSED ? "+paused" : "",
             request->flags & VM_EVENT_FLAG_FOREIGN ? "+foreign" : "",
             request->u.mem_paging.flags & MEM_PAGING_DROP_PAGE ? "+drop" : "",
             request->u.mem_paging.flags & MEM_PAGING_EVICT_FAIL ? "+evict-fail" : "");
}

/* then may be NULL. */
static const char *take(void (*then)(const vm_event_request_t *request))
{
    vm_event_request_t request;

    if (!pager_take(&request))
        return "none";
    note_request(&request);
    if (then)
        then(&request);
    return "ok";
}

/* As a pager does: loads the page if it is out. */
const char *step_answer(void)
{
    return take(pager_answer);
}

/* A response alone, so that it is Xen's to make something of the page. */
static const char *respond(void)
{
    return take(pager_respond);
}

static const char *lose(void)
{
    return take(NULL);
}

static const char *waiting(void)
{
    return step_outcome((int)pager_waiting());
}

void step_forget_rings(void)
{
    while (pager_rung(0))
        ;
}

static const char *forget_rings(void)
{
    step_forget_rings();
    return "ok";
}

static const char *rings(void)
{
    return pager_rung(STEP_LONGEST_MS) ? "yes" : "no";
}

static const char *rings_not(void)
{
    return pager_rung(QUIET_MS) ? "yes" : "no";
}

/* Pages of the code's own neighbours that are out and asked for. */
static const char *fill_ring(void)
{
    for (uint64_t gfn = steps.code + CONFORMANCE_OTHERS; pager_waiting() < RING_SLOTS; gfn++) {
        must("page out", pager_out(gfn));
        pager_ask_foreign(gfn, 1);
    }
    return step_outcome((int)pager_waiting());
}

static const char *enable(void)
{
    uint32_t port;

    return step_outcome(xc_mem_paging_enable(xen_xc, xen_domid, &port) ? -errno : 0);
}

static const char *disable(void)
{
    int rc = xc_mem_paging_disable(xen_xc, xen_domid) ? -errno : 0;

    if (!rc && !steps.no_ring)
        pager_die();
    steps.no_ring |= !rc;
    return step_outcome(rc);
}

static const char *attach(void)
{
    int rc = pager_attach();

    steps.no_ring &= rc != 0;
    return step_outcome(rc);
}

static const char *die(void)
{
    pager_die();
    steps.no_ring = true;
    return "ok";
}

/* On a stock Xen, the ring of a dead pager is in the way. */
void step_attach_again(void)
{
    xc_mem_paging_disable(xen_xc, xen_domid);
    must("attaching again", pager_attach());
    steps.no_ring = false;
}

const struct step ring_steps[] = {{"answer", step_answer},
                                  {"respond", respond},
                                  {"lose", lose},
                                  {"waiting", waiting},
                                  {"forget-rings", forget_rings},
                                  {"rings", rings},
                                  {"rings-not", rings_not},
                                  {"fill-ring", fill_ring},
                                  {"enable", enable},
                                  {"disable", disable},
                                  {"attach", attach},
                                  {"die", die},
                                  {0}};
