/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of the libraries, carried out. */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/hvm/hvm_op.h>

#include "xen_paging_batch.h"

/* What one hypercall is given. */
struct call {
    struct client *client;
    const struct sim_request *request;
    struct domain *d; /* NULL for those that are not about a domain */
    void *payload;
    size_t *bytes; /* of the payload, and in the end of the reply's */
};

/* --- Questions. --- */

static int64_t share(struct client *client)
{
    if (client->shared)
        return -EEXIST;
    client->descriptor = memfd_create("simxen-shared", MFD_CLOEXEC);
    if (client->descriptor < 0 || ftruncate(client->descriptor, (off_t)SIM_SHARED_BYTES))
        abort();
    client->shared =
        mmap(NULL, SIM_SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, client->descriptor, 0);
    if (client->shared == MAP_FAILED)
        abort();
    return 0;
}

static int64_t memory(struct call *c)
{
    if (c->request->arg)
        return share(c->client);
    c->client->descriptor = dup(host.memory_fd);
    return 0;
}

/* Of the first domain from there on, as the real one. */
static int64_t domain_info(struct call *c)
{
    for (int i = 0; i < MAX_DOMAINS; i++) {
        const struct domain *d = &host.domains[i];

        if (!d->id || d->id < c->request->domid || (d->dying && !d->tot_pages))
            continue;
        *(struct sim_domain_info *)c->payload = (struct sim_domain_info){
            .domid = d->id,
            .dying = d->dying,
            .tot_pages = d->tot_pages,
            .max_pages = d->max_pages,
            .paged_pages = d->paged_pages,
            .max_vcpu_id = d->nr_vcpus - 1,
            .paused = d->pauses != 0,
            .cpu_ns = d->cpu_ns,
        };
        memset(((struct sim_domain_info *)c->payload)->uuid, (int)(host.seed ^ d->id),
               sizeof(((struct sim_domain_info *)c->payload)->uuid));
        *c->bytes = sizeof(struct sim_domain_info);
        return 1;
    }
    return 0;
}

static int64_t free_pages(struct call *c)
{
    (void)c;
    return host.nr_free > host.withheld ? host.nr_free - host.withheld : 0;
}

static int64_t max_gpfn(struct call *c)
{
    return (int64_t)c->d->nr_gfns - 1;
}

static int64_t ring_gfn(struct call *c)
{
    return (int64_t)c->d->ring_gfn;
}

static int64_t frame_info(struct call *c)
{
    uint64_t *gfns = c->payload;
    size_t nr = (size_t)c->request->payload_bytes / sizeof(*gfns);

    if (nr > 1024)
        return -E2BIG;
    for (size_t i = 0; i < nr; i++)
        gfns[i] =
            p2m_looks_like_a_hole(c->d, gfns[i]) ? XEN_DOMCTL_PFINFO_XTAB : XEN_DOMCTL_PFINFO_NOTAB;
    *c->bytes = nr * sizeof(*gfns);
    return 0;
}

/* --- Orders. --- */

static int64_t pause_domain(struct call *c)
{
    domain_pause(c->d);
    return 0;
}

static int64_t unpause_domain(struct call *c)
{
    return domain_unpause(c->d);
}

static int64_t set_mem_type(struct call *c)
{
    return p2m_set_mem_type(c->d, c->request->gfn,
                            c->request->arg == HVMMEM_ram_ro ? TYPE_RAM_RO : TYPE_RAM_RW);
}

static int64_t add_page(struct call *c)
{
    return p2m_add_page(c->d, c->request->gfn);
}

static int64_t remove_page(struct call *c)
{
    return p2m_remove_page(c->d, NULL, c->request->gfn);
}

static int64_t device(struct call *c)
{
    return c->request->arg ? p2m_add_device(c->d, c->request->gfn)
                           : p2m_remove_device(c->d, c->request->gfn);
}

/* Which pages are dirty is not simulated. */
static int64_t log_dirty(struct call *c)
{
    (void)c;
    return 0;
}

static int64_t grant_table(struct call *c)
{
    if (c->d->grant_frame == NO_FRAME)
        c->d->grant_frame = frame_alloc_shared(c->d);
    return c->d->grant_frame;
}

static int64_t set_vcpu(struct call *c)
{
    processor_start(&c->d->vcpus[0], c->payload);
    return 0;
}

static int64_t enable(struct call *c)
{
    return ring_enable(c->d);
}

static int64_t disable(struct call *c)
{
    return ring_disable(c->d);
}

static int64_t resume(struct call *c)
{
    ring_resume(c->d);
    return 0;
}

/* --- Paging. A pager of old knows but one error. --- */

static int64_t old_error(struct call *c, int rc)
{
    rc = rule_old_error(rc);
    c->d->nr_refused += rc == -EBUSY;
    return rc;
}

static int64_t nominate(struct call *c)
{
    return c->d->ring.enabled ? old_error(c, p2m_nominate(c->d, c->request->gfn, false)) : -ENODEV;
}

static int64_t evict(struct call *c)
{
    return c->d->ring.enabled ? old_error(c, p2m_evict(c->d, c->request->gfn)) : -ENODEV;
}

static int64_t prep(struct call *c)
{
    const void *page = c->request->payload_bytes == PAGE_BYTES ? c->payload : NULL;

    return c->d->ring.enabled ? p2m_prepare(c->d, c->request->gfn, page) : -ENODEV;
}

static bool is_granted(const struct domain *d, uint64_t gfn)
{
    const grant_entry_v1_t *entries;

    if (d->grant_frame == NO_FRAME)
        return false;
    entries = (const grant_entry_v1_t *)(const void *)frame_page(d->grant_frame);
    for (size_t i = 0; i < PAGE_BYTES / sizeof(*entries); i++)
        if ((entries[i].flags & GTF_type_mask) == GTF_permit_access && entries[i].frame == gfn)
            return true;
    return false;
}

static char *page_of(const struct client *client, const struct sim_batch_entry *e)
{
    if (!client->shared || e->page > SIM_SHARED_BYTES - PAGE_BYTES)
        abort(); /* library and host disagree */
    return client->shared + e->page;
}

static int nominate_and_copy(struct call *c, struct sim_batch_entry *e)
{
    struct domain *d = c->d;
    int rc = p2m_nominate(d, e->gfn, is_granted(d, e->gfn));

    if (!rc && e->buffer == SIM_BAD_BUFFER) {
        p2m_cancel(d, e->gfn);
        return -EFAULT;
    }
    if (!rc && e->buffer)
        memcpy(page_of(c->client, e), frame_page(p2m_entry(d, e->gfn)->frame), PAGE_BYTES);
    return rc;
}

static int prepare(struct call *c, const struct sim_batch_entry *e)
{
    struct domain *d = c->d;

    if (p2m_is_out(p2m_entry(d, e->gfn)) && e->buffer == SIM_BAD_BUFFER)
        return -EFAULT;
    return p2m_prepare(d, e->gfn, e->buffer ? page_of(c->client, e) : NULL);
}

static int do_entry(struct call *c, struct sim_batch_entry *e)
{
    struct domain *d = c->d;

    switch (e->op) {
    case XENMEM_paging_batch_nominate:
        return nominate_and_copy(c, e);
    case XENMEM_paging_batch_evict:
        return p2m_evict(d, e->gfn);
    case XENMEM_paging_batch_prep:
        return prepare(c, e);
    case XENMEM_paging_batch_cancel:
        return p2m_cancel(d, e->gfn);
    case XENMEM_paging_batch_query:
        return p2m_query(d, e->gfn);
    case XENMEM_paging_batch_invalidate:
        return 0; /* there is no device model */
    default:
        return -EOPNOTSUPP;
    }
}

static int64_t batch_features(void)
{
    return XENMEM_paging_feature_batch | XENMEM_paging_feature_pins |
           XENMEM_paging_feature_doorbell | XENMEM_paging_feature_reattach |
           XENMEM_paging_feature_invalidate;
}

/* One that fails breaks off: half is done, and one more of which nothing is said. */
static int64_t batch(struct call *c)
{
    struct sim_batch_entry *entries = c->payload, lost;
    size_t nr = (size_t)c->request->payload_bytes / sizeof(*entries);
    int error = nr && host.patched ? fault_of(SIM_BATCH) : 0;
    size_t end = error ? nr / 2 : nr;

    if (!c->d->ring.enabled)
        return -ENODEV;
    if (!host.patched)
        return -ENOSYS;
    if (c->request->gfn > XENMEM_PAGING_BATCH_MAX)
        return -E2BIG;
    for (size_t i = 0; i < end; i++)
        entries[i].rc = do_entry(c, &entries[i]);
    *c->bytes = nr * sizeof(*entries);
    if (error) {
        lost = entries[end];
        do_entry(c, &lost);
        return error;
    }
    return nr ? 0 : batch_features();
}

/* --- Mappings. --- */

static void hold(struct client *client, uint32_t frame)
{
    if (client->nr_held == client->room) {
        client->room = client->room * 2 + 16;
        client->held = realloc(client->held, client->room * sizeof(*client->held));
    }
    client->held[client->nr_held++] = frame;
}

static int64_t map(struct call *c)
{
    int64_t *gfns = c->payload;
    size_t nr = (size_t)c->request->payload_bytes / sizeof(*gfns);

    for (size_t i = 0; i < nr; i++) {
        gfns[i] = p2m_map(c->d, (uint64_t)gfns[i], c->request->arg != 0);
        if (gfns[i] >= 0)
            hold(c->client, (uint32_t)gfns[i]);
    }
    *c->bytes = nr * sizeof(*gfns);
    return 0;
}

static void let_go_of(struct client *client, uint64_t frame)
{
    for (size_t i = client->nr_held; i-- > 0;) {
        if (client->held[i] == frame) {
            client->held[i] = client->held[--client->nr_held];
            frame_unpin((uint32_t)frame);
            return;
        }
    }
    complain("a frame is unmapped that is not mapped");
}

static int64_t unmap(struct call *c)
{
    const uint64_t *frames = c->payload;

    for (size_t i = 0; i < c->request->payload_bytes / sizeof(*frames); i++)
        let_go_of(c->client, frames[i]);
    return 0;
}

/* --- The event channel. --- */

static int64_t evtchn_open(struct call *c)
{
    struct channel *channel = calloc(1, sizeof(*channel));

    channel->fd = eventfd(0, EFD_CLOEXEC);
    c->client->channel = channel;
    c->client->descriptor = dup(channel->fd);
    return 0;
}

static int64_t evtchn_bind(struct call *c)
{
    return channel_bind(c->client->channel, c->d, c->request->arg);
}

static int64_t evtchn_unmask(struct call *c)
{
    channel_unmask(c->client->channel);
    return 0;
}

static int64_t evtchn_notify(struct call *c)
{
    struct channel *channel = c->client->channel;

    if (channel->domain && channel->domain->ring.channel == channel)
        ring_resume(channel->domain);
    return 0;
}

void client_let_go(struct client *client)
{
    while (client->nr_held)
        let_go_of(client, client->held[0]);
    if (client->channel) {
        channel_unbind(client->channel);
        close(client->channel->fd);
        free(client->channel);
    }
    free(client->held);
    if (client->shared)
        munmap(client->shared, SIM_SHARED_BYTES);
}

/* --- All of them. --- */

static const struct {
    int64_t (*fn)(struct call *c);
    bool needs_domain;
} ops[SIM_NR_OPS] = {
    [SIM_MEMORY] = {memory, false},
    [SIM_DOMAIN_INFO] = {domain_info, false},
    [SIM_FREE_PAGES] = {free_pages, false},
    [SIM_MAX_GPFN] = {max_gpfn, true},
    [SIM_RING_GFN] = {ring_gfn, true},
    [SIM_PAUSE] = {pause_domain, true},
    [SIM_UNPAUSE] = {unpause_domain, true},
    [SIM_FRAME_INFO] = {frame_info, true},
    [SIM_SET_MEM_TYPE] = {set_mem_type, true},
    [SIM_POPULATE] = {add_page, true},
    [SIM_DECREASE] = {remove_page, true},
    [SIM_DEVICE] = {device, true},
    [SIM_LOG_DIRTY] = {log_dirty, true},
    [SIM_GRANT_TABLE] = {grant_table, true},
    [SIM_SET_VCPU] = {set_vcpu, true},
    [SIM_ENABLE] = {enable, true},
    [SIM_DISABLE] = {disable, true},
    [SIM_RESUME] = {resume, true},
    [SIM_NOMINATE] = {nominate, true},
    [SIM_EVICT] = {evict, true},
    [SIM_PREP] = {prep, true},
    [SIM_BATCH] = {batch, true},
    [SIM_MAP] = {map, true},
    [SIM_UNMAP] = {unmap, false},
    [SIM_EVTCHN_OPEN] = {evtchn_open, false},
    [SIM_EVTCHN_BIND] = {evtchn_bind, true},
    [SIM_EVTCHN_UNMASK] = {evtchn_unmask, false},
    [SIM_EVTCHN_NOTIFY] = {evtchn_notify, false},
};

/* A batch fails in a way of its own; a prep that has nothing to allocate cannot fail. */
static bool may_fail(const struct sim_request *request)
{
    return request->op != SIM_BATCH && (request->op != SIM_PREP || request->payload_bytes);
}

int64_t hypercall(struct client *client, const struct sim_request *request, void *payload,
                  size_t *payload_bytes)
{
    struct call call = {.client = client,
                        .request = request,
                        .d = domain_find(request->domid),
                        .payload = payload,
                        .bytes = payload_bytes};
    int error = may_fail(request) ? fault_of(request->op) : 0;

    if (ops[request->op].needs_domain && !call.d)
        return request->domid ? -ESRCH : -EPERM; /* dom0 itself */
    if (error && call.d)
        call.d->nr_refused++;
    return error ? error : ops[request->op].fn(&call);
}
