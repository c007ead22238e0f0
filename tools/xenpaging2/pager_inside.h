/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between pager.c, which knows who waits for what, and load.c, which brings it in. */
#ifndef XENPAGING2_PAGER_INSIDE_H
#define XENPAGING2_PAGER_INSIDE_H

#include "pager.h"
#include "policy.h"
#include "store.h"
#include "unfinished.h"

struct event;

/* A slot of the ring is held until the response, so faults never need more than the first ones. */
#define NR_LOADS (MEM_EVENT_RING_SLOTS + PAGER_MAX_FETCHES)

/* One gfn on its way in. */
struct load {
    struct store_io io;
    STAILQ_ENTRY(load) link; /* in the pager's list of those that are read */
    struct pager *pager;
    struct event *retry;
    bool in_use;
    bool is_fetch;    /* nobody waited when it began */
    bool is_read;     /* the page is read and checked, and Xen has not taken it yet */
    bool is_dropped;  /* the guest gave the gfn up meanwhile */
    bool was_awaited; /* by whom the page had been asked for when Xen took it */
    enum policy_event asked_by;
    unsigned int store_tries;
};

struct pager {
    struct pager_env env;
    struct mem_event_ring *ring;
    char *buffers;
    unsigned int nr_fetches;
    unsigned int nr_failed; /* gfns that cannot be had; some of them never */
    struct load loads[NR_LOADS];
    STAILQ_HEAD(load_list, load) read; /* to be given to Xen when hand_over is run */
    struct event *hand_over;

    /* Requests whose gfn is being loaded. */
    struct mem_event waiting[MEM_EVENT_RING_SLOTS];
    unsigned int nr_waiting;

    struct unfinished *unfinished; /* requests that Xen could not complete yet */
    bool ended;                    /* these are answered all the same */
};

/* --- pager.c --- */

/* Answers all that wait for the gfn. */
void pager_respond_waiting(struct pager *pager, uint32_t gfn);

/*
 * Whether somebody waits for the gfn, and what the policy is to know of it. If nobody is paused
 * for it, that is a program which asks again and again, and must find the page before it goes out
 * anew.
 */
bool pager_somebody_waits(const struct pager *pager, uint32_t gfn, enum policy_event *event);

/* Returns 0 or a negative errno (xen_cancel()). */
int pager_cancel_nomination(struct pager *pager, uint32_t gfn);

/* --- load.c --- */

/* Prepares all of the pager's loads, whose buffers are there. Returns 0, or -1 if there is no
 * memory. */
int loads_init(struct pager *pager);

/* Frees what loads_init() has made, all of it or a part. */
void loads_free(struct pager *pager);

/* A PAGED gfn begins its way in; there is a load for each that may. */
void load_begin(struct pager *pager, uint32_t gfn, bool is_fetch);

/* The guest gave a LOADING gfn up. */
void load_drop(struct pager *pager, uint32_t gfn);

#endif
