/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots that were given back are emptied, so that their room goes to others and nobody can read
 * the pages later: a few at a time, because a slot that is soon used again gains nothing by it.
 */
#ifndef XENPAGING2_HOLES_H
#define XENPAGING2_HOLES_H

#include <stdbool.h>

#include "store.h"

struct event_base;
struct holes;

/* So many slots in a row, from io.slot on, have become a hole when io.engine_done() is called. */
struct hole {
    struct store_io io; /* of the urgency STORE_HOLE */
    uint32_t nr;
    struct holes *holes;
};

#define HOLES_MAX_NR 64u      /* slots in a hole */
#define HOLES_AT_ONCE 16u     /* holes, one after the other, */
#define HOLES_INTERVAL_MS 100 /* in each of these intervals */

/* submit(arg, io) begins what holes_hold() kept or what is a hole. Returns 0 or -ENOMEM. */
int holes_create(struct event_base *base, void (*submit)(void *arg, struct store_io *io), void *arg,
                 struct holes **holes);

/* A hole under way has to be over, or forgotten. Takes NULL. */
void holes_destroy(struct holes *holes);

/* Before a slot is written. Returns 0, or -ENOMEM if there is no room to remember it. */
int holes_before_write(struct holes *holes, uint32_t slot);

/*
 * True if a hole is being made just there: then the write is kept, and submitted anew after that.
 * It must not be submitted by the caller.
 */
bool holes_hold(struct holes *holes, struct store_io *io);

/* After a slot was given back. One that was never written is left alone. */
void holes_after_release(struct holes *holes, uint32_t slot);

/* How many slots wait to be emptied. */
uint32_t holes_nr_left(const struct holes *holes);

#endif
