/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between evict.c, which knows when a batch is to be begun, evict_choose.c, which fills it, and
 * evict_batch.c, which does the rest of it.
 */
#ifndef XENPAGING2_EVICT_INSIDE_H
#define XENPAGING2_EVICT_INSIDE_H

#include "evict.h"
#include "store.h"

struct batch;
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
    struct batch *batch;
    enum victim_state state;
};

typedef void step_fn(struct batch *batch);

/* Pages on their way out together. */
struct batch {
    struct evict *evict;
    struct event *turn;
    step_fn *step; /* what the next turn does */
    bool in_use;
    bool is_chosen;   /* it has all the victims that it gets */
    bool is_writing;  /* nothing is to be done but to wait for the store */
    bool is_put_off;  /* its turn waits for page-ins */
    bool only_parked; /* it does not end the rest, and is for these pages only */
    struct victim victims[EVICT_BATCH];
    unsigned int nr_victims;
    unsigned int next;         /* the victim at which this step goes on */
    unsigned int nr_submitted; /* victims that the store has been given, or need not be */
    unsigned int nr_writing;   /* writes not done yet, and one while there may be more */
    unsigned int nr_turns;     /* of the search for victims */
    unsigned int width;        /* gfns tried in a turn, wanted or not */
    unsigned int nr_passes;    /* over the RAM, that ended since the last victim was found */
    unsigned int nr_evicted;
    unsigned int nr_stored; /* of these: the store had to write them */
    unsigned int nr_unwritten;
};

struct evict {
    struct evict_env env;
    struct mem_event_ring *ring;
    struct event *begin; /* active if a batch may be begun; pending during a rest */
    struct candidates *candidates;
    char *buffers;
    struct batch batches[EVICT_BATCHES];
    bool store_failed; /* said so, and has written nothing since */
    bool went_wrong;   /* one of the batches under way did: none is begun before all are over */
    bool is_resting;
    int rest_ms;            /* the last rest; 0 after a batch that went well */
    int64_t rest_until_ms;  /* its end */
    int64_t next_ask_ms;    /* before that, device models are not asked to unmap anything */
    int64_t small_until_ms; /* batches are */
};

/* --- evict.c --- */

/* What the batch's next turn of the loop does, at once or after a time. */
void evict_next_turn(struct batch *batch, step_fn *step);
void evict_turn_after(struct batch *batch, step_fn *step, int64_t ms);

/*
 * How many pages a batch may be of, and the next hypercall for. The second is less while page-ins
 * come; the first, too, if not many are to go out.
 */
unsigned int evict_batch_size(const struct evict *evict);
unsigned int evict_step(const struct evict *evict);

/* How many pages are to go out besides those of the other batches. */
uint64_t evict_wanted_of(const struct batch *batch);

/* The batch waits for the store: there is time to begin another one. */
void evict_batch_waits(struct batch *batch);

/* The last step of a batch is over, which brought something or not. */
void evict_batch_ended(struct batch *batch, bool went_well);

void evict_suspect_gone(struct evict *evict);

/* --- evict_choose.c --- */

/* A step_fn: takes some victims from the guest, to be written by evict_write_out() next. */
void evict_choose(struct batch *batch);

/* --- evict_batch.c --- */

/* A free batch sets out. */
void evict_begin_batch(struct batch *batch, bool only_parked);

/* A step_fn: gives the store what was nominated since the last time, some pages in each turn. */
void evict_write_out(struct batch *batch);

/* A page of the batch is in the store, or is not: done() of its I/O. */
void evict_page_written(struct store_io *io);

/* The gfn is not nominated any more: it is the guest's again, with its slot, if it has one. */
void evict_give_up(struct evict *evict, uint32_t gfn, uint32_t slot);

/* A nomination that did not come to anything: to be taken back. */
void evict_fail(struct victim *victim);

#endif
