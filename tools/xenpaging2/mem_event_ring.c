/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mem_event_ring.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xenevtchn.h>

#include "log.h"
#include "orphan_ring.h"
#include "page.h"
#include "priorities.h"
#include "timer_ms.h"
#include "vm_event_codec.h"
#include "xen_ops.h"

#define TAKE_OVER_TRIES 100
#define TAKE_OVER_RETRY_US 10000

struct mem_event_ring {
    struct xen_ops *ops;
    mem_event_fn *fn;
    void *arg;
    mem_event_notify_fn *on_notify; /* may be NULL */
    void *on_notify_arg;
    void *page;
    uint64_t gfn;
    bool takes_over; /* from a pager that has died: nothing is undone */
    bool populated;  /* we gave the ring gfn a frame */
    bool enabled;
    vm_event_back_ring_t back;
    xenevtchn_handle *channel;
    evtchn_port_t port;
    struct event *channel_event; /* edge-triggered */
    struct event *acknowledge_event;
    struct event *notify_event; /* active if Xen is still to be told of responses */
    RING_IDX cons_before;       /* the notification that is to be acknowledged */
};

static const char *why_not(int rc)
{
    switch (rc) {
    case -EBUSY:
        return "a pager is attached to it already, or was when it died";
    case -ENODEV:
        return "it has no hardware-assisted paging (HAP)";
    case -EMLINK:
        return "it has devices passed through (IOMMU)";
    case -EXDEV:
        return "it uses populate-on-demand (memory smaller than maxmem)";
    case -EOPNOTSUPP:
        return "dom0 is PVH, under which Xen does not page";
    case -ENOSYS:
        return "this Xen is built without CONFIG_MEM_PAGING";
    case -ENXIO:
        return "its toolstack set no page aside for the paging ring";
    case -EPERM:
        return "it is dom0, or this is not";
    case -ESRCH:
        return "there is no such domain";
    default:
        return strerror(-rc);
    }
}

static int refuse(const struct xen_ops *ops, int rc, char *message, size_t size)
{
    snprintf(message, size, "domain %" PRIu32 " cannot be paged: %s", xen_ops_domid(ops),
             why_not(rc));
    return rc;
}

int mem_event_ring_check(struct xen_ops *ops, char *message, size_t size)
{
    uint64_t gfn;
    int rc = xen_probe_paging(ops);

    if (!rc)
        rc = xen_ring_gfn(ops, &gfn);
    return rc ? refuse(ops, rc, message, size) : 0;
}

static void handle_request(struct mem_event_ring *ring, const vm_event_request_t *request)
{
    struct mem_event event;

    if (!vm_event_decode(request, &event)) {
        ring->fn(ring->arg, &event);
        return;
    }
    log_limited(LOG_LEVEL_WARNING, "request of version %u, reason %u ignored", request->version,
                request->reason);
    mem_event_ring_respond(ring, &event);
}

int mem_event_ring_consume(struct mem_event_ring *ring)
{
    vm_event_request_t request;
    int rc;

    do {
        while ((rc = vm_event_ring_take(&ring->back, &request)) > 0)
            handle_request(ring, &request);
    } while (!rc && vm_event_ring_more(&ring->back));
    if (rc)
        log_limited(LOG_LEVEL_ERROR, "the ring's producer index makes no sense");
    return rc;
}

/* Requests that came since the channel was ready were announced to nobody. */
static void acknowledge(evutil_socket_t fd, short what, void *arg)
{
    struct mem_event_ring *ring = arg;
    xenevtchn_port_or_error_t port = xenevtchn_pending(ring->channel);

    (void)fd, (void)what;
    if (port >= 0)
        xenevtchn_unmask(ring->channel, (evtchn_port_t)port);
    mem_event_ring_consume(ring);
    if (ring->on_notify)
        ring->on_notify(ring->on_notify_arg, ring->back.req_cons != ring->cons_before);
}

/* What can be answered at once is, and then only the channel is seen to: two system calls. */
static void channel_ready(evutil_socket_t fd, short what, void *arg)
{
    struct mem_event_ring *ring = arg;

    (void)fd, (void)what;
    if (event_pending(ring->acknowledge_event, EV_TIMEOUT, NULL))
        return;
    ring->cons_before = ring->back.req_cons;
    mem_event_ring_consume(ring);
    timer_add_ms(ring->acknowledge_event, 0);
}

void mem_event_ring_on_notify(struct mem_event_ring *ring, mem_event_notify_fn *fn, void *arg)
{
    ring->on_notify = fn;
    ring->on_notify_arg = arg;
}

void mem_event_ring_notify(struct mem_event_ring *ring)
{
    event_del(ring->notify_event);
    if (xenevtchn_notify(ring->channel, ring->port))
        log_limited(LOG_LEVEL_ERROR, "cannot notify Xen: %s", strerror(errno));
}

static void notify_xen(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    mem_event_ring_notify(arg);
}

void mem_event_ring_respond(struct mem_event_ring *ring, const struct mem_event *event)
{
    vm_event_response_t response;

    vm_event_encode(event, &response);
    vm_event_ring_put(&ring->back, &response);
    event_active(ring->notify_event, EV_TIMEOUT, 0);
}

/* A dead pager's ring that is in the physmap still is Xen's, too: it gets another page. */
static int take_away_old_page(struct mem_event_ring *ring)
{
    int rc = xen_map_ring(ring->ops, ring->gfn, &ring->page);

    if (rc)
        return rc == -EINVAL ? 0 : rc;
    xen_unmap_ring(ring->ops, ring->page);
    ring->page = NULL;
    return xen_remove_ring(ring->ops, ring->gfn);
}

/* -EINVAL: there is no frame, because a pager was there before and took it out of the physmap. */
static int map_page(struct mem_event_ring *ring)
{
    int rc = ring->takes_over ? take_away_old_page(ring) : 0;

    if (!rc)
        rc = xen_map_ring(ring->ops, ring->gfn, &ring->page);
    if (!rc)
        return 0;
    if (rc != -EINVAL)
        return rc; /* a frame is there, and must stay */
    rc = xen_populate_ring(ring->ops, ring->gfn);
    if (rc)
        return rc;
    ring->populated = true;
    return xen_map_ring(ring->ops, ring->gfn, &ring->page);
}

/* -EBUSY: the kernel has not closed all yet that the dead one had open. */
static int take_place(struct xen_ops *ops, uint32_t *port)
{
    int rc = xen_take_over_paging(ops, port);

    for (int i = 0; rc == -EBUSY && i < TAKE_OVER_TRIES; i++) {
        usleep(TAKE_OVER_RETRY_US);
        rc = xen_take_over_paging(ops, port);
    }
    return rc;
}

static int take_over(struct mem_event_ring *ring, uint32_t *port)
{
    int rc;

    if (xen_replaces_rings(ring->ops))
        return take_place(ring->ops, port);
    rc = xen_pause(ring->ops);
    return rc ? rc : orphan_ring_replace(ring->ops, ring->page, port);
}

static int enable(struct mem_event_ring *ring)
{
    uint32_t port;
    xenevtchn_port_or_error_t local;
    int rc;

    vm_event_ring_init(&ring->back, ring->page);
    rc = ring->takes_over ? take_over(ring, &port) : xen_enable_paging(ring->ops, &port);
    if (rc)
        return rc;
    ring->enabled = true;
    local = xenevtchn_bind_interdomain(ring->channel, xen_ops_domid(ring->ops), port);
    if (local < 0)
        return -errno;
    ring->port = (evtchn_port_t)local;
    /* From here on the guest cannot reach the ring, nor could it use it to lie to us. */
    return xen_remove_ring(ring->ops, ring->gfn);
}

static int listen_to_channel(struct mem_event_ring *ring, struct event_base *base)
{
    ring->channel = xenevtchn_open(NULL, 0);
    if (!ring->channel)
        return -errno;
    if (xenevtchn_restrict(ring->channel, (domid_t)xen_ops_domid(ring->ops)))
        return -errno; /* it is for this domain's events only from here on */
    ring->notify_event = event_new(base, -1, 0, notify_xen, ring);
    ring->acknowledge_event = event_new(base, -1, 0, acknowledge, ring);
    ring->channel_event = event_new(base, xenevtchn_fd(ring->channel), EV_READ | EV_PERSIST | EV_ET,
                                    channel_ready, ring);
    if (!ring->notify_event || !ring->acknowledge_event || !ring->channel_event)
        return -ENOMEM;
    event_priority_set(ring->notify_event, PRIORITY_SERVE);
    event_priority_set(ring->acknowledge_event, PRIORITY_SERVE);
    event_priority_set(ring->channel_event, PRIORITY_SERVE);
    return event_add(ring->channel_event, NULL) ? -ENOMEM : 0;
}

/*
 * Leaves the ring page as the toolstack left it: zeroed, or without a frame. With a dead pager's
 * pages out, paging stays on.
 */
static void undo_attach(struct mem_event_ring *ring)
{
    if (ring->enabled && !ring->takes_over)
        xen_disable_paging(ring->ops);
    if (ring->page && !ring->takes_over)
        memset(ring->page, 0, PAGE_BYTES);
    if (ring->populated)
        xen_remove_ring(ring->ops, ring->gfn);
    mem_event_ring_abandon(ring);
}

static int attach(struct mem_event_ring *ring, struct event_base *base)
{
    int rc = xen_ring_gfn(ring->ops, &ring->gfn);

    if (!rc)
        rc = listen_to_channel(ring, base);
    if (!rc)
        rc = map_page(ring);
    return rc ? rc : enable(ring);
}

static int create(struct event_base *base, const struct mem_event_ring *with,
                  struct mem_event_ring **out, char *message, size_t size)
{
    struct mem_event_ring *ring = calloc(1, sizeof(*ring));
    int rc;

    if (!ring) {
        snprintf(message, size, "out of memory");
        return -ENOMEM;
    }
    *ring = *with;
    rc = attach(ring, base);
    if (rc) {
        refuse(ring->ops, rc, message, size);
        undo_attach(ring);
        return rc;
    }
    *out = ring;
    return 0;
}

int mem_event_ring_attach(struct event_base *base, struct xen_ops *ops, mem_event_fn *fn, void *arg,
                          struct mem_event_ring **ring, char *message, size_t size)
{
    const struct mem_event_ring with = {.ops = ops, .fn = fn, .arg = arg};

    return create(base, &with, ring, message, size);
}

int mem_event_ring_take_over(struct event_base *base, struct xen_ops *ops, mem_event_fn *fn,
                             void *arg, struct mem_event_ring **ring, char *message, size_t size)
{
    const struct mem_event_ring with = {.ops = ops, .fn = fn, .arg = arg, .takes_over = true};

    return create(base, &with, ring, message, size);
}

/*
 * The guest is paused for it: a vCPU may be on its way to put a request for a page that is back
 * already, and would wait for its response for ever.
 */
void mem_event_ring_detach(struct mem_event_ring *ring)
{
    int rc;

    if (!ring)
        return;
    xen_pause(ring->ops);
    mem_event_ring_consume(ring);
    mem_event_ring_notify(ring);
    rc = xen_disable_paging(ring->ops);
    if (rc)
        log_error("cannot disable paging: %s", strerror(-rc));
    rc = xen_unpause(ring->ops);
    if (rc)
        log_error("cannot unpause the domain: %s", strerror(-rc));
    mem_event_ring_abandon(ring);
}

void mem_event_ring_abandon(struct mem_event_ring *ring)
{
    if (!ring)
        return;
    if (ring->channel_event)
        event_free(ring->channel_event);
    if (ring->acknowledge_event)
        event_free(ring->acknowledge_event);
    if (ring->notify_event)
        event_free(ring->notify_event);
    if (ring->channel)
        xenevtchn_close(ring->channel);
    if (ring->page)
        xen_unmap_ring(ring->ops, ring->page);
    free(ring);
}
