/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way out, a batch of pages at a time:
 *
 *    choose, nominate and copy -> write to the store -> evict -> take back what failed
 *
 * Each arrow is a turn of the event loop at the lowest priority, and the steps that deal with many
 * pages take several turns, so that a fault never waits for a batch. When there is nothing to be
 * done but to wait for writes, the next batch is begun: with a fast store one or two are under way,
 * with a slow one as many as there are buffers for. A page that fails anywhere goes back to the
 * guest as it was; none is left nominated.
 *
 * Page-ins come first. While some wait, no second batch is begun, whose writes would be in their
 * way, and each turn is put off a little: the processor may be needed by who reads their pages.
 * For a while after one, hypercalls are for a few pages each, and batches are small if not many
 * pages are to go out, as the next page-in may have to wait for the end of a hypercall or a write.
 * Never serves faults.
 */
#ifndef XENPAGING2_EVICT_H
#define XENPAGING2_EVICT_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct evict;
struct mem_event_ring;
struct pages;
struct policy;
struct stats;
struct store;
struct xen_ops;

/* Pages in one batch, and in one while page-ins come; batches under way at the same time. */
#define EVICT_BATCH 64
#define EVICT_SMALL_BATCH 8
#define EVICT_BATCHES 4

/* What eviction works with; all outlive it. */
struct evict_env {
    struct event_base *base;
    struct xen_ops *ops;
    struct pages *pages;
    struct policy *policy;
    struct store *store;
    struct stats *stats;

    void *arg;
    uint64_t (*wanted)(void *arg); /* how many pages are to go out now; 0: none */
    bool (*page_ins_wait)(void *arg);
    void (*evicted)(void *arg);  /* residency has fallen by one page */
    void (*new_pass)(void *arg); /* a good time to let pages and policy grow with the guest */
    void (*suspect_gone)(void *arg);
};

/* Returns NULL with errno ENOMEM. */
struct evict *evict_create(const struct evict_env *env);

/* Takes NULL. No done() of the store may come any more: close the store first. */
void evict_destroy(struct evict *evict);

/* Set before evict_start(). */
void evict_set_ring(struct evict *evict, struct mem_event_ring *ring);

/* Goes to work until wanted() says 0. Does nothing if it is at work already. */
void evict_start(struct evict *evict);

/* A page has come in: more are to be expected. */
void evict_note_page_in(struct evict *evict);

/* No page-in waits any more: what was put off for them goes on. */
void evict_go_on(struct evict *evict);

/* As evict_start(), and cuts a rest after a failure short: somebody waits for memory. */
void evict_hurry(struct evict *evict);

/* Pages that somebody holds, to be tried when they are let go. */
unsigned int evict_nr_parked(const struct evict *evict);

/* True while a batch is under way; nothing is nominated when it is not. */
bool evict_is_busy(const struct evict *evict);

/* A gfn of a batch under way is the guest's again: its frame stays. */
void evict_nomination_lost(struct evict *evict, uint32_t gfn);

#endif
