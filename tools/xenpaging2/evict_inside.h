/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between evict.c, which knows when there is work, and evict_batch.c, which does it. */
#ifndef XENPAGING2_EVICT_INSIDE_H
#define XENPAGING2_EVICT_INSIDE_H

#include "evict.h"
#include "store.h"

struct candidates;
struct event;

enum victim_state {
    VICTIM_NOMINATED, /* may still be evicted, if it is written and nothing comes between */
    VICTIM_LOST,      /* the guest has it back; only our copy is to be cleared away */
    VICTIM_FAILED,    /* to be taken back from Xen */
    VICTIM_GONE       /* evicted, or given back */
};

struct victim {
    struct store_io io;
    struct evict *evict;
    enum victim_state state;
};

typedef void step_fn(struct evict *evict);

struct evict {
    struct evict_env env;
    struct mem_event_ring *ring;
    struct event *turn;
    step_fn *step; /* what the next turn does; NULL: at rest */
    struct candidates *candidates;
    char *buffers;
    struct victim victims[EVICT_BATCH];
    unsigned int nr_victims;
    unsigned int next;       /* the victim at which this step goes on */
    unsigned int nr_writing; /* writes not done yet */
    unsigned int nr_turns;   /* of the search for victims */
    unsigned int width;      /* gfns tried in a turn, wanted or not */
    unsigned int nr_passes;  /* over the RAM, that ended since the last victim was found */
    unsigned int nr_evicted; /* of this batch */
    unsigned int nr_unwritten;
    bool store_failed; /* said so, and no batch went well since */
    bool is_resting;
    bool only_parked;      /* this batch does not end the rest, and is for these pages only */
    int rest_ms;           /* the last rest; 0 after a batch that went well */
    int64_t rest_until_ms; /* its end */
};

/* --- evict.c --- */

/* What the next turn of the loop does, at once or after a time. */
void evict_next_turn(struct evict *evict, step_fn *step);
void evict_turn_after(struct evict *evict, step_fn *step, int64_t ms);

/* The last step of a batch is over, which brought something or not. */
void evict_batch_ended(struct evict *evict, bool went_well);

/* --- evict_batch.c --- */

/* A step_fn: the first one of a batch. */
void evict_begin_batch(struct evict *evict);

/* A page of the batch is in the store, or is not: done() of its I/O. */
void evict_page_written(struct store_io *io);

#endif
