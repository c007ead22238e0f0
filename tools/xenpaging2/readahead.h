/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read-ahead: where the guest goes over its memory in order, the pages behind a fault are fetched
 * before it asks for them.
 *
 * Nobody tells us whether a page that was fetched is ever touched: the guest does not fault on it,
 * and Xen has no accessed bits to offer. What can be seen is where the guest faults next. Behind
 * the fetched pages, and not far: it has gone over them, and the next window is twice as large.
 * Nowhere near: they were of no use, and windows become smaller. So nothing is fetched before two
 * faults have been close to each other. Neighbours are those by gfn; these are also the neighbours
 * by order of eviction, in which the policies clock and sweep follow the gfns.
 *
 * It only fetches what env's may_fetch() allows, in the background and behind all faults.
 */
#ifndef XENPAGING2_READAHEAD_H
#define XENPAGING2_READAHEAD_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct pager;
struct pages;
struct readahead;
struct stats;

/* Pages in the largest window. */
#define READAHEAD_MAX 16

/* What it works with; all outlive it. */
struct readahead_env {
    struct event_base *base;
    struct pages *pages;
    struct pager *pager;
    struct stats *stats;

    void *arg;
    bool (*may_fetch)(void *arg); /* asked for each page, which it takes account of */
};

/* Returns NULL with errno ENOMEM. */
struct readahead *readahead_create(const struct readahead_env *env);

/* Takes NULL. */
void readahead_destroy(struct readahead *readahead);

/* Somebody waits for a gfn that is not in memory. */
void readahead_fault(struct readahead *readahead, uint32_t gfn);

#endif
