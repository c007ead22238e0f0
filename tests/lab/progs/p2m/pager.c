/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pager.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xen/hvm/params.h>

#include "report.h"
#include "xen.h"

#define GFNS (1u << 20) /* 4 GiB: more than any guest of the lab has */
#define BATCH 256
#define SHOWN_AT_MOST 40
#define SETTLED_MS 50

static xenevtchn_handle *channel;
static xenforeignmemory_handle *memory;
static evtchn_port_t port;
static void *ring;
static vm_event_back_ring_t back;
static uint64_t ring_gfn;
static void *store[GFNS]; /* contents of what is out */

/* A pager that was here before took the ring's page out of the guest. */
static void map_ring(uint64_t gfn)
{
    int error;

    ring = xen_map(gfn, PROT_READ | PROT_WRITE, &error);
    if (!ring) {
        must("a new page for the ring", xen_balloon_in(gfn));
        ring = xen_map(gfn, PROT_READ | PROT_WRITE, &error);
    }
    must("mapping the ring", error);
    memset(ring, 0, PAGE_BYTES);
}

static void abandon(void)
{
    xen_unmap(ring);
    xenforeignmemory_close(memory);
    xenevtchn_close(channel);
    ring = NULL;
}

int pager_attach(void)
{
    uint32_t remote;
    int local, rc;

    channel = xenevtchn_open(NULL, 0);
    memory = xenforeignmemory_open(NULL, 0);
    if (!channel || !memory)
        inconclusive("no event channels or no foreign memory");
    must("the ring's gfn",
         xc_hvm_param_get(xen_xc, xen_domid, HVM_PARAM_PAGING_RING_PFN, &ring_gfn));
    map_ring(ring_gfn);
    SHARED_RING_INIT((vm_event_sring_t *)ring);
    BACK_RING_INIT(&back, (vm_event_sring_t *)ring, PAGE_BYTES);
    rc = xc_mem_paging_enable(xen_xc, xen_domid, &remote) ? -errno : 0;
    if (step("enable paging, ring", ring_gfn, rc)) {
        abandon();
        return rc;
    }
    local = xenevtchn_bind_interdomain(channel, xen_domid, remote);
    must("the event channel", local);
    port = (evtchn_port_t)local;
    must("taking the ring out of the guest", xen_balloon_out(ring_gfn));
    return 0;
}

uint64_t pager_ring_gfn(void)
{
    return ring_gfn;
}

bool pager_rung(int ms)
{
    struct pollfd fd = {.fd = ring ? xenevtchn_fd(channel) : -1, .events = POLLIN};
    int pending;

    if (poll(&fd, 1, ms) <= 0)
        return false;
    pending = xenevtchn_pending(channel);
    if (pending >= 0)
        xenevtchn_unmask(channel, (evtchn_port_t)pending);
    return pending >= 0;
}

unsigned int pager_waiting(void)
{
    return ring && RING_HAS_UNCONSUMED_REQUESTS(&back) ? back.sring->req_prod - back.req_cons : 0;
}

/* A guest that works asks thousands of times: the first requests tell enough. */
static void show(const vm_event_request_t *request)
{
    static unsigned int shown;

    if (shown == SHOWN_AT_MOST)
        remark("further requests are not shown");
    if (shown++ >= SHOWN_AT_MOST)
        return;
    remark("request for %" PRIx64 "%s%s%s", request->u.mem_paging.gfn,
           request->flags & VM_EVENT_FLAG_VCPU_PAUSED ? ", a vCPU waits" : "",
           request->u.mem_paging.flags & MEM_PAGING_DROP_PAGE ? ", dropped" : "",
           request->u.mem_paging.flags & MEM_PAGING_EVICT_FAIL ? ", not to be evicted" : "");
}

unsigned int pager_vcpus_waiting(void)
{
    unsigned int nr = 0;

    for (RING_IDX i = back.req_cons; ring && i != back.sring->req_prod; i++)
        nr += (RING_GET_REQUEST(&back, i)->flags & VM_EVENT_FLAG_VCPU_PAUSED) != 0;
    return nr;
}

bool pager_take(vm_event_request_t *request)
{
    if (!ring || !RING_HAS_UNCONSUMED_REQUESTS(&back))
        return false;
    memcpy(request, RING_GET_REQUEST(&back, back.req_cons), sizeof(*request));
    back.req_cons++;
    back.sring->req_event = back.req_cons + 1;
    show(request);
    return true;
}

void pager_keep(uint64_t gfn, const void *page)
{
    if (!store[gfn])
        store[gfn] = malloc(PAGE_BYTES);
    if (!store[gfn])
        inconclusive("out of memory");
    memcpy(store[gfn], page, PAGE_BYTES);
}

void pager_forget(uint64_t gfn)
{
    free(store[gfn]);
    store[gfn] = NULL;
}

/* Another page may have taken its place: then there is nothing to load (ENOENT). */
static int load(uint64_t gfn)
{
    int rc = xc_mem_paging_load(xen_xc, xen_domid, gfn, store[gfn]) ? -errno : 0;

    pager_forget(gfn);
    return rc == -ENOENT ? 0 : rc;
}

/* A page that the guest gave up needs no contents; one that is in was never evicted. */
static void bring(const vm_event_request_t *request)
{
    uint64_t gfn = request->u.mem_paging.gfn;

    if (gfn >= GFNS || !store[gfn])
        return;
    if (request->u.mem_paging.flags & MEM_PAGING_DROP_PAGE)
        pager_forget(gfn);
    else
        must("load", load(gfn));
}

void pager_respond(const vm_event_request_t *request)
{
    vm_event_response_t response = {.version = VM_EVENT_INTERFACE_VERSION,
                                    .reason = VM_EVENT_REASON_MEM_PAGING,
                                    .vcpu_id = request->vcpu_id,
                                    .flags = request->flags,
                                    .u.mem_paging = request->u.mem_paging};

    memcpy(RING_GET_RESPONSE(&back, back.rsp_prod_pvt), &response, sizeof(response));
    back.rsp_prod_pvt++;
    RING_PUSH_RESPONSES(&back);
    xenevtchn_notify(channel, port);
}

void pager_answer(const vm_event_request_t *request)
{
    bring(request);
    pager_respond(request);
}

unsigned int pager_serve(void)
{
    vm_event_request_t request;
    unsigned int count = 0;

    for (; pager_take(&request); count++)
        pager_answer(&request);
    return count;
}

void pager_in_all(void)
{
    for (uint64_t gfn = 0; gfn < GFNS; gfn++)
        if (store[gfn])
            must("load", load(gfn));
}

/*
 * A vCPU that asked before its page was loaded still waits for a response: there is none once
 * paging is disabled.
 */
void pager_detach(void)
{
    if (!ring)
        return;
    pager_in_all();
    do
        pager_serve();
    while (pager_rung(SETTLED_MS));
    xen_pause();
    pager_serve();
    must("disabling paging", xc_mem_paging_disable(xen_xc, xen_domid));
    xen_unpause();
    abandon();
}

void pager_die(void)
{
    abandon();
    remark("the pager is dead");
}

int pager_out(uint64_t gfn)
{
    uint8_t page[PAGE_BYTES];
    int rc = xen_nominate(gfn);

    if (rc)
        return rc;
    xen_read(gfn, page);
    pager_keep(gfn, page);
    return xen_evict(gfn);
}

static unsigned int nominate_some(uint64_t first, unsigned long count, xen_pfn_t *gfns)
{
    unsigned int nr = 0;

    for (uint64_t gfn = first; gfn < first + count; gfn++)
        if (!store[gfn] && !xc_mem_paging_nominate(xen_xc, xen_domid, gfn))
            gfns[nr++] = gfn;
    return nr;
}

static unsigned int evict_some(const xen_pfn_t *gfns, unsigned int nr)
{
    unsigned int out = 0;

    for (unsigned int i = 0; i < nr; i++) {
        if (store[gfns[i]] && !xc_mem_paging_evict(xen_xc, xen_domid, gfns[i])) {
            out++;
            continue;
        }
        /* What was copied may be out of date from now on: the nomination must not stand. */
        pager_forget(gfns[i]);
        xen_cancel(gfns[i]);
    }
    return out;
}

static unsigned int out_some(uint64_t first, unsigned long count)
{
    xen_pfn_t gfns[BATCH];
    int errors[BATCH] = {0};
    unsigned int nr = nominate_some(first, count, gfns);
    char *pages;

    if (nr == 0)
        return 0;
    pages = xenforeignmemory_map(memory, xen_domid, PROT_READ, nr, gfns, errors);
    if (!pages)
        inconclusive("mapping nominated pages: %s", strerror(errno));
    for (unsigned int i = 0; i < nr; i++)
        if (!errors[i])
            pager_keep(gfns[i], pages + (size_t)i * PAGE_BYTES);
    xenforeignmemory_unmap(memory, pages, nr);
    return evict_some(gfns, nr);
}

unsigned long pager_out_all(uint64_t first, unsigned long count)
{
    unsigned long out = 0;

    for (unsigned long i = 0; i < count; i += BATCH)
        out += out_some(first + i, count - i < BATCH ? count - i : BATCH);
    return out;
}

int pager_in(uint64_t gfn)
{
    return step("load", gfn, load(gfn));
}

void pager_ask_foreign(uint64_t first, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        int error;
        void *page = xen_map(first + i, PROT_READ, &error);

        if (page)
            inconclusive("a page that is out could be mapped");
    }
}
