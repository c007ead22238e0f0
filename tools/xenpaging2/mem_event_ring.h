/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring that Xen and the pager share: requests come out, responses go in, an event channel
 * tells of both. Never interprets a gfn.
 *
 * The ring is one page with 8 slots (xen/vm_event.h, xen/io/ring.h). Xen counts a slot as free
 * again when it consumes a response (RING_FREE_REQUESTS()), so each request is owed exactly one
 * response, be anybody paused or not. What is in the ring is not trusted: a request is copied out
 * once, the producer index is checked, version and reason are checked.
 */
#ifndef XENPAGING2_MEM_EVENT_RING_H
#define XENPAGING2_MEM_EVENT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct mem_event_ring;
struct xen_ops;

/* No more requests than this can be waiting for their responses. */
#define MEM_EVENT_RING_SLOTS 8

/* One request, as much of vm_event_request_t as matters. */
struct mem_event {
    uint64_t gfn;
    uint32_t vcpu_id;
    uint32_t p2mt;
    bool vcpu_paused; /* a vCPU of the guest waits for the response */
    bool foreign;     /* somebody else than the guest asks */
    bool drop;        /* the gfn is no longer the guest's */
    bool evict_fail;  /* the gfn was nominated: its frame is still there */
};

/* Called for each request. The response may be given now or later, in any order. */
typedef void mem_event_fn(void *arg, const struct mem_event *event);

/*
 * Called for each notification, after its requests. One that brought no request tells, on a Xen
 * that has a doorbell, that a page was let go; one that did may tell both.
 */
typedef void mem_event_notify_fn(void *arg, bool brought_requests);

/*
 * Asks whether the domain can be attached to, as far as that can be known without changing
 * anything. Returns 0, or a negative errno with one line in message (size bytes).
 */
int mem_event_ring_check(struct xen_ops *ops, char *message, size_t size);

/*
 * Attaches to the domain: maps the ring page, initialises it, enables paging, binds the event
 * channel, and takes the ring out of the guest's physmap. Requests come from the loop of base at
 * its highest priority. On failure everything is as before, and message (size bytes) has one line
 * for the user. Returns 0 or a negative errno.
 */
int mem_event_ring_attach(struct event_base *base, struct xen_ops *ops, mem_event_fn *fn, void *arg,
                          struct mem_event_ring **ring, char *message, size_t size);

/*
 * The same for a domain whose pager has died: takes its place. What it had been asked for, and
 * what it had paged out, is up to the caller. On a Xen that does not provide for it the domain is
 * paused meanwhile, and stays so if that fails.
 */
int mem_event_ring_take_over(struct event_base *base, struct xen_ops *ops, mem_event_fn *fn,
                             void *arg, struct mem_event_ring **ring, char *message, size_t size);

/* Has notifications told of from now on. */
void mem_event_ring_on_notify(struct mem_event_ring *ring, mem_event_notify_fn *fn, void *arg);

/*
 * Answers what is still to be answered, disables paging and lets the ring go. No page may be out,
 * or the guest is lost. Takes NULL.
 */
void mem_event_ring_detach(struct mem_event_ring *ring);

/*
 * Lets the ring go while paging stays enabled: for a domain that is gone, or for a pager that
 * ends with pages out. Takes NULL.
 */
void mem_event_ring_abandon(struct mem_event_ring *ring);

/* Handles all requests that are there now. Returns 0, or -EPROTO if the ring makes no sense. */
int mem_event_ring_consume(struct mem_event_ring *ring);

/* Answers a request. Xen hears of it, and of all others, at the end of this turn, or now. */
void mem_event_ring_respond(struct mem_event_ring *ring, const struct mem_event *event);
void mem_event_ring_notify(struct mem_event_ring *ring);

#endif
