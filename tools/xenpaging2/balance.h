/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds the guest's residency at its target: lets pages go out when it is above, fetches the
 * newest back when it is below and the host has memory, and brings all of them back in a drain.
 * It decides how many; which ones and how is the business of others.
 */
#ifndef XENPAGING2_BALANCE_H
#define XENPAGING2_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

struct balance;
struct event_base;
struct evict;
struct pager;
struct pages;
struct xen_ops;

struct balance_env {
    struct event_base *base;
    struct xen_ops *ops;
    struct pages *pages;
    struct pager *pager;
    struct evict *evict;
    uint64_t target_min; /* pages: no target goes below it */

    void *arg;
    void (*drained)(void *arg); /* no page is out any more, and none is on its way out */
    void (*suspect_gone)(void *arg);
};

/* Returns NULL with errno ENOMEM. */
struct balance *balance_create(const struct balance_env *env);

/* Takes NULL. */
void balance_destroy(struct balance *balance);

/* What residency is to be, in pages; 0: as much as the guest has. */
void balance_set_target(struct balance *balance, uint64_t pages);

/* From now on everything comes back, whatever the target, until drained() is called. */
void balance_drain(struct balance *balance);
bool balance_is_draining(const struct balance *balance);

/* The guest's pages in memory: Xen's last word and what we have done since. */
uint64_t balance_resident(const struct balance *balance);
uint64_t balance_target(const struct balance *balance);

/* A load found no free page in the host: something else has to go out first. */
void balance_short_of_memory(struct balance *balance);

/* A page went out, came in, or a fetch ended. */
void balance_evicted(struct balance *balance);
void balance_loaded(struct balance *balance);
void balance_fetched(struct balance *balance);

/* Whether one more page may be fetched that nobody asked for: target and host have room for it. */
bool balance_may_fetch(struct balance *balance);

/* How many pages are to go out now. */
uint64_t balance_excess(const struct balance *balance);

#endif
