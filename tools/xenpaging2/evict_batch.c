/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One batch of pages, from its beginning to its end, but for the choice of its pages. */
#include "evict_inside.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "candidates.h"
#include "clock_ms.h"
#include "kept.h"
#include "log.h"
#include "mem_event_ring.h"
#include "pages.h"
#include "stats.h"
#include "xen_ops.h"

#define RETRY_CANCEL_MS 2
#define WRITES_IN_A_TURN 8 /* each is a checksum, and maybe more in the store */

static step_fn commit, take_back, end_batch;

void evict_begin_batch(struct batch *batch, bool only_parked)
{
    batch->in_use = true;
    batch->is_chosen = false;
    batch->only_parked = only_parked;
    batch->nr_submitted = 0;
    batch->nr_writing = 1; /* keeps the batch together until all are submitted */
    batch->nr_turns = 0;
    batch->width = 1;
    batch->nr_passes = 0;
    batch->nr_evicted = 0;
    batch->nr_stored = 0;
    batch->nr_unwritten = 0;
    evict_next_turn(batch, evict_choose);
}

static void next_step(struct batch *batch, step_fn *step)
{
    batch->next = 0;
    evict_next_turn(batch, step);
}

static void lose(struct victim *victim)
{
    victim->state = VICTIM_LOST;
    candidates_taken_back(victim->batch->evict->candidates, victim->io.gfn, clock_ms());
}

static bool lose_from(struct batch *batch, uint32_t gfn)
{
    for (unsigned int i = 0; i < batch->nr_victims; i++) {
        struct victim *victim = &batch->victims[i];

        if (victim->io.gfn != gfn || victim->state == VICTIM_GONE)
            continue;
        lose(victim);
        return true;
    }
    return false;
}

void evict_nomination_lost(struct evict *evict, uint32_t gfn)
{
    for (unsigned int i = 0; i < EVICT_BATCHES; i++)
        if (lose_from(&evict->batches[i], gfn))
            return;
    assert(!"a nominated gfn is in a batch");
}

void evict_fail(struct victim *victim)
{
    if (victim->state == VICTIM_NOMINATED)
        victim->state = VICTIM_FAILED;
}

void evict_write_out(struct batch *batch)
{
    for (int i = 0; i < WRITES_IN_A_TURN && batch->nr_submitted < batch->nr_victims; i++) {
        struct victim *victim = &batch->victims[batch->nr_submitted++];

        if (victim->state != VICTIM_NOMINATED)
            continue;
        batch->nr_writing++;
        store_page_out(batch->evict->env.store, &victim->io);
    }
    if (batch->nr_submitted < batch->nr_victims) {
        evict_next_turn(batch, evict_write_out);
    } else if (!batch->is_chosen) {
        evict_next_turn(batch, evict_choose);
    } else if (!--batch->nr_writing) {
        next_step(batch, batch->nr_victims ? commit : end_batch);
    } else {
        batch->is_writing = true;
        evict_batch_waits(batch);
    }
}

/* For want of space, which there is once pages that are in memory give up their slots. */
static bool try_again(struct victim *victim)
{
    struct evict_env *env = &victim->batch->evict->env;

    if (!store_was_full(victim->io.error) || victim->state != VICTIM_NOMINATED ||
        !kept_make_room(env->pages, env->store))
        return false;
    store_page_out(env->store, &victim->io);
    return true;
}

void evict_page_written(struct store_io *io)
{
    struct victim *victim = (struct victim *)io;
    struct batch *batch = victim->batch;

    if (try_again(victim))
        return;
    if (io->error) {
        if (!batch->evict->store_failed)
            log_warning("gfn %#" PRIx32 " stays in memory: cannot write it: %s", io->gfn,
                        strerror(-io->error));
        batch->evict->store_failed = true;
        batch->nr_unwritten++;
        evict_fail(victim);
    }
    if (--batch->nr_writing)
        return;
    batch->is_writing = false;
    next_step(batch, commit);
}

/* The next victims in a state, as many as one call takes; pages[] is for the call. */
static unsigned int gather(struct batch *batch, enum victim_state state, struct victim **victims,
                           struct xen_page *pages)
{
    const unsigned int step = evict_step(batch->evict);
    unsigned int nr = 0;

    for (; nr < step && batch->next < batch->nr_victims; batch->next++) {
        struct victim *victim = &batch->victims[batch->next];

        if (victim->state != state)
            continue;
        pages[nr].gfn = victim->io.gfn;
        victims[nr++] = victim;
    }
    return nr;
}

static void is_out(struct victim *victim)
{
    struct evict_env *env = &victim->batch->evict->env;

    pages_commit(env->pages, victim->io.gfn, victim->io.slot);
    victim->state = VICTIM_GONE;
    victim->batch->nr_evicted++;
    victim->batch->nr_stored += victim->io.slot != STORE_SLOT_ZERO && !victim->io.is_clean;
    env->stats->page_outs++;
    env->stats->clean += victim->io.is_clean;
    env->evicted(env->arg);
}

/*
 * What may be out or not is taken for out: Xen refuses to load a page that is not, and that ends
 * the matter (ENOENT). The reverse would throw its only copy away.
 */
static void commit_one(struct victim *victim, int rc)
{
    struct evict *evict = victim->batch->evict;

    switch (rc) {
    case -EAGAIN:
        candidates_in_use(evict->candidates, victim->io.gfn, clock_ms());
        evict_fail(victim);
        return;
    case -EBUSY:
        candidates_unpageable(evict->candidates, victim->io.gfn, clock_ms());
        evict_fail(victim);
        return;
    case -ENOENT:
        evict->env.stats->lost++;
        lose(victim);
        return;
    case 0:
        break;
    default:
        evict_suspect_gone(evict);
    }
    is_out(victim);
}

/*
 * All requests so far are handled first: a drop that is older than the nomination must not be
 * met by a page that is out, whose slot it would free.
 */
static void commit(struct batch *batch)
{
    struct evict *evict = batch->evict;
    struct victim *victims[XEN_MAX_STEP];
    struct xen_page pages[XEN_MAX_STEP];
    unsigned int nr;

    mem_event_ring_consume(evict->ring);
    nr = gather(batch, VICTIM_NOMINATED, victims, pages);
    for (unsigned int i = 0; i < nr; i++)
        pages_record(evict->env.pages, victims[i]->io.gfn, victims[i]->io.slot);
    xen_evict(evict->env.ops, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        commit_one(victims[i], pages[i].rc);
    if (batch->next < batch->nr_victims)
        evict_next_turn(batch, commit);
    else
        next_step(batch, take_back);
}

void evict_give_up(struct evict *evict, uint32_t gfn, uint32_t slot)
{
    pages_give_up(evict->env.pages, gfn);
    if (slot != STORE_SLOT_NONE)
        kept_or_free(evict->env.pages, evict->env.store, gfn, slot);
}

static void clear_away(struct victim *victim)
{
    evict_give_up(victim->batch->evict, victim->io.gfn, victim->io.slot);
    victim->state = VICTIM_GONE;
}

/* With other errors, of a host without memory for example, it may be nominated still. */
static bool is_taken_back(int rc)
{
    return rc == 0 || rc == -ENOENT || rc == -ESRCH;
}

/* Returns false if that has to be gone on with a little later. */
static bool take_back_some(struct batch *batch)
{
    struct evict *evict = batch->evict;
    struct victim *victims[XEN_MAX_STEP];
    struct xen_page pages[XEN_MAX_STEP];
    unsigned int nr = gather(batch, VICTIM_FAILED, victims, pages);
    bool done = true;

    xen_cancel(evict->env.ops, pages, nr);
    for (unsigned int i = 0; i < nr; i++) {
        int rc = pages[i].rc;

        if (rc && rc != -ENOENT && rc != -EAGAIN)
            evict_suspect_gone(evict);
        if (is_taken_back(rc))
            clear_away(victims[i]);
        else
            done = false;
    }
    return done;
}

static void take_back(struct batch *batch)
{
    unsigned int first = batch->next;
    bool done = take_back_some(batch);

    for (unsigned int i = 0; i < batch->nr_victims; i++)
        if (batch->victims[i].state == VICTIM_LOST)
            clear_away(&batch->victims[i]);
    if (!done) {
        batch->next = first;
        mem_event_ring_consume(batch->evict->ring);
        evict_turn_after(batch, take_back, RETRY_CANCEL_MS);
    } else if (batch->next < batch->nr_victims) {
        evict_next_turn(batch, take_back);
    } else {
        next_step(batch, end_batch);
    }
}

static void end_batch(struct batch *batch)
{
    log_debug("batch: %u nominated, %u evicted, %u not written, %u turns, %u fruitless passes",
              batch->nr_victims, batch->nr_evicted, batch->nr_unwritten, batch->nr_turns,
              batch->nr_passes);
    batch->nr_victims = 0;
    batch->in_use = false;
    evict_batch_ended(batch, batch->nr_evicted && !batch->nr_unwritten);
}
