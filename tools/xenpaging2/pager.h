/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back in: requests from the ring, and pages that are fetched before anybody asks.
 *
 *    request -> read from the store -> checksum -> load into the guest -> response
 *
 * A gfn is loaded once however many wait for it; each of them gets a response. A page whose
 * contents cannot be had is never made up: its vCPU stays paused and the domain is paused.
 * The pager never chooses victims.
 */
#ifndef XENPAGING2_PAGER_H
#define XENPAGING2_PAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "mem_event_ring.h"

struct event_base;
struct pager;
struct pages;
struct policy;
struct stats;
struct store;
struct xen_ops;

/* Fetches under way at the same time, besides what the guest waits for. */
#define PAGER_MAX_FETCHES 32

/* What the pager works with; all outlive it. */
struct pager_env {
    struct event_base *base;
    struct xen_ops *ops;
    struct pages *pages;
    struct policy *policy;
    struct store *store;
    struct stats *stats;

    /* Calls back to the owner. None of them may call the pager. */
    void *arg;
    void (*nomination_lost)(void *arg, uint32_t gfn); /* a gfn of the batch under way is wanted */
    void (*fault)(void *arg, uint32_t gfn);           /* somebody waits for a gfn that is out */
    void (*short_of_memory)(void *arg);               /* a load waits for a free page */
    void (*loaded)(void *arg);                        /* residency has grown by one page */
    void (*fetched)(void *arg);                       /* a fetch is over */
    void (*cannot_load)(void *arg, uint32_t gfn, const char *why); /* for good, it seems */
    void (*all_can_load)(void *arg); /* what that was called for has come in after all */
    void (*suspect_gone)(void *arg); /* a hypercall failed as if there were no domain */
};

/* Returns NULL with errno ENOMEM. */
struct pager *pager_create(const struct pager_env *env);

/* Takes NULL. No done() of the store may come any more: close the store first. */
void pager_destroy(struct pager *pager);

/* Where responses go. Set before the first request. */
void pager_set_ring(struct pager *pager, struct mem_event_ring *ring);

/* Handles one request; fits mem_event_fn, arg being the pager. */
void pager_handle(void *arg, const struct mem_event *event);

/* Whether somebody waits for a page that is not in yet. */
bool pager_is_awaited(const struct pager *pager);

/* Whether a request waits because Xen could not complete its page-in yet. */
bool pager_has_unfinished(const struct pager *pager);

/*
 * Before paging is turned off: such requests are answered as they are, now and from now on. Xen
 * completes them itself as far as it can (p2m_mem_paging_resume()).
 */
void pager_end(struct pager *pager);

/* Fetches under way, and whether there may be another one. */
unsigned int pager_nr_fetches(const struct pager *pager);
bool pager_can_fetch(const struct pager *pager);

/* Brings in a PAGED gfn that nobody waits for yet; pager_can_fetch() is true. */
void pager_fetch(struct pager *pager, uint32_t gfn);

#endif
