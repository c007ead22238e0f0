/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that Xen could not complete at the first try, for want of memory for example. Each is
 * handled again after a short time, until it is not kept any more. Never answers one itself.
 */
#ifndef XENPAGING2_UNFINISHED_H
#define XENPAGING2_UNFINISHED_H

#include "mem_event_ring.h"

struct event_base;
struct unfinished;

/* again(arg, event) handles a request anew. Returns NULL with errno ENOMEM. */
struct unfinished *unfinished_create(struct event_base *base, mem_event_fn *again, void *arg);

/* Takes NULL. */
void unfinished_destroy(struct unfinished *unfinished);

/* There is room for each request that can be unanswered: MEM_EVENT_RING_SLOTS. */
void unfinished_keep(struct unfinished *unfinished, const struct mem_event *event);

/* How many are kept. */
unsigned int unfinished_nr(const struct unfinished *unfinished);

/* Handles all of them anew, now. */
void unfinished_retry(struct unfinished *unfinished);

#endif
