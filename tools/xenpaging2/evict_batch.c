/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One batch of pages, step by step. */
#include "evict_inside.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "candidates.h"
#include "clock_ms.h"
#include "log.h"
#include "mem_event_ring.h"
#include "pages.h"
#include "stats.h"
#include "xen_ops.h"

#define MAX_TURNS 64 /* in search of victims, if there are some already */
#define RETRY_CANCEL_MS 2
#define RETRY_GO_ON_MS 2

static step_fn choose, write_out, commit, take_back, end_batch;

static void next_step(struct evict *evict, step_fn *step)
{
    evict->next = 0;
    evict_next_turn(evict, step);
}

static void lose(struct evict *evict, struct victim *victim)
{
    victim->state = VICTIM_LOST;
    candidates_taken_back(evict->candidates, victim->io.gfn, clock_ms());
}

void evict_nomination_lost(struct evict *evict, uint32_t gfn)
{
    for (unsigned int i = 0; i < evict->nr_victims; i++) {
        struct victim *victim = &evict->victims[i];

        if (victim->io.gfn != gfn || victim->state == VICTIM_GONE)
            continue;
        lose(evict, victim);
        return;
    }
    assert(!"a nominated gfn is in the batch");
}

static void suspect_gone(struct evict *evict)
{
    evict->env.suspect_gone(evict->env.arg);
}

static unsigned int batch_size(struct evict *evict)
{
    uint64_t wanted = evict->env.wanted(evict->env.arg);

    return wanted < EVICT_BATCH ? (unsigned int)wanted : EVICT_BATCH;
}

/* One that begins before the rest is over is for what was let go. */
void evict_begin_batch(struct evict *evict)
{
    evict->only_parked = evict->is_resting && clock_ms() < evict->rest_until_ms;
    evict->is_resting = false;
    evict->nr_turns = 0;
    evict->width = 1;
    evict->nr_passes = 0;
    evict->nr_evicted = 0;
    evict->nr_unwritten = 0;
    choose(evict);
}

/*
 * Candidates for the next victims, with their buffers. In our books they are nominated from here
 * on, so that none is chosen twice.
 */
static unsigned int pick(struct evict *evict, struct xen_page *candidates, unsigned int most)
{
    struct candidates *from = evict->candidates;
    int64_t now = clock_ms();
    unsigned int nr = 0;
    uint32_t gfn;

    while (nr < most && nr < xen_step(evict->env.ops)) {
        if (!candidates_next_parked(from, now, &gfn) &&
            (evict->only_parked || !candidates_next(from, now, &gfn)))
            break;
        pages_nominate(evict->env.pages, gfn);
        candidates[nr].gfn = gfn;
        candidates[nr].copy = evict->victims[evict->nr_victims + nr].io.page;
        nr++;
    }
    return nr;
}

/* The buffer goes with the page, in exchange for the one that the victim had. */
static void add_victim(struct evict *evict, struct victim *owner, const struct xen_page *candidate)
{
    struct victim *victim = &evict->victims[evict->nr_victims++];

    owner->io.page = victim->io.page;
    victim->io.page = candidate->copy;
    victim->io.gfn = candidate->gfn;
    victim->state = candidate->rc ? VICTIM_FAILED : VICTIM_NOMINATED;
    candidates_nominated(evict->candidates, candidate->gfn);
}

/* With some errors it may be nominated without being copied: it is to be taken back then. */
static void judge(struct evict *evict, struct victim *owner, const struct xen_page *candidate)
{
    switch (candidate->rc) {
    case -EAGAIN:
        candidates_in_use(evict->candidates, candidate->gfn, clock_ms());
        pages_give_up(evict->env.pages, candidate->gfn);
        return;
    case -EBUSY:
    case -ENOENT:
        candidates_unpageable(evict->candidates, candidate->gfn, clock_ms());
        pages_give_up(evict->env.pages, candidate->gfn);
        return;
    case 0:
    case -EINVAL:
    case -EFAULT:
        break;
    default:
        suspect_gone(evict);
    }
    add_victim(evict, owner, candidate);
}

/* Returns false if there was no candidate. */
static bool nominate(struct evict *evict, unsigned int most)
{
    struct victim *owners = &evict->victims[evict->nr_victims];
    struct xen_page candidates[XEN_MAX_STEP];
    unsigned int nr = pick(evict, candidates, most);

    xen_nominate(evict->env.ops, candidates, nr);
    for (unsigned int i = 0; i < nr; i++)
        judge(evict, &owners[i], &candidates[i]);
    return nr > 0;
}

/* A whole pass without success is enough, and so is a long search if it had some. */
static bool search_is_over(const struct evict *evict)
{
    return evict->nr_passes > 1 || (evict->nr_victims && evict->nr_turns >= MAX_TURNS);
}

/*
 * How many to try in this turn: as many as are missing, and more and more where all are refused.
 * Somebody may hold thousands of pages in a row, at which the search must not stop one by one.
 * On a stock Xen, nominations that turn out to be too many cost more than that.
 */
static unsigned int how_many(const struct evict *evict, unsigned int missing)
{
    unsigned int room = EVICT_BATCH - evict->nr_victims;
    unsigned int most = missing > evict->width ? missing : evict->width;

    return most < room ? most : room;
}

static void adapt_width(struct evict *evict, bool all_refused)
{
    if (!all_refused)
        evict->width = 1;
    else if (evict->width < XEN_MAX_STEP && xen_is_patched(evict->env.ops))
        evict->width *= 2;
}

static void fail(struct victim *victim)
{
    if (victim->state == VICTIM_NOMINATED)
        victim->state = VICTIM_FAILED;
}

/* No more go out than are wanted. */
static void fail_surplus(struct evict *evict, unsigned int size)
{
    for (unsigned int i = size; i < evict->nr_victims; i++)
        fail(&evict->victims[i]);
}

/* A guest that was paused for the nominations, and could not be unpaused yet, comes first. */
static bool guest_stands_still(struct evict *evict)
{
    if (!xen_go_on(evict->env.ops))
        return false;
    suspect_gone(evict);
    evict_turn_after(evict, choose, RETRY_GO_ON_MS);
    return true;
}

static void find_victims(struct evict *evict)
{
    unsigned int size = batch_size(evict), nr_before = evict->nr_victims;
    bool found = size > nr_before && nominate(evict, how_many(evict, size - nr_before));

    evict->nr_passes += candidates_look_for_ram(evict->candidates);
    if (evict->nr_victims > nr_before)
        evict->nr_passes = 0;
    evict->nr_turns++;
    adapt_width(evict, found && evict->nr_victims == nr_before);
    fail_surplus(evict, size > nr_before ? size : nr_before);
    if (guest_stands_still(evict))
        return;
    if (evict->nr_victims < size && !(evict->only_parked ? !found : search_is_over(evict)))
        evict_next_turn(evict, choose);
    else
        next_step(evict, evict->nr_victims ? write_out : end_batch);
}

static void choose(struct evict *evict)
{
    if (!guest_stands_still(evict))
        find_victims(evict);
}

static void write_out(struct evict *evict)
{
    evict->nr_writing = 1; /* keeps the batch together until all are submitted */
    for (unsigned int i = 0; i < evict->nr_victims; i++) {
        struct victim *victim = &evict->victims[i];

        victim->io.slot = STORE_SLOT_NONE;
        if (victim->state != VICTIM_NOMINATED)
            continue;
        evict->nr_writing++;
        store_page_out(evict->env.store, &victim->io);
    }
    if (!--evict->nr_writing)
        next_step(evict, take_back);
}

void evict_page_written(struct store_io *io)
{
    struct victim *victim = (struct victim *)io;
    struct evict *evict = victim->evict;

    if (io->error) {
        if (!evict->store_failed)
            log_warning("gfn %#" PRIx32 " stays in memory: cannot write it: %s", io->gfn,
                        strerror(-io->error));
        evict->store_failed = true;
        evict->nr_unwritten++;
        fail(victim);
    }
    if (!--evict->nr_writing)
        next_step(evict, commit);
}

/* The next victims in a state, as many as one call takes; pages[] is for the call. */
static unsigned int gather(struct evict *evict, enum victim_state state, struct victim **victims,
                           struct xen_page *pages)
{
    unsigned int nr = 0;

    for (; nr < xen_step(evict->env.ops) && evict->next < evict->nr_victims; evict->next++) {
        struct victim *victim = &evict->victims[evict->next];

        if (victim->state != state)
            continue;
        pages[nr].gfn = victim->io.gfn;
        victims[nr++] = victim;
    }
    return nr;
}

static void is_out(struct evict *evict, struct victim *victim)
{
    struct evict_env *env = &evict->env;

    pages_commit(env->pages, victim->io.gfn, victim->io.slot);
    victim->state = VICTIM_GONE;
    evict->nr_evicted++;
    env->stats->page_outs++;
    env->evicted(env->arg);
}

/*
 * What may be out or not is taken for out: Xen refuses to load a page that is not, and that ends
 * the matter (ENOENT). The reverse would throw its only copy away.
 */
static void commit_one(struct evict *evict, struct victim *victim, int rc)
{
    switch (rc) {
    case -EAGAIN:
        candidates_in_use(evict->candidates, victim->io.gfn, clock_ms());
        fail(victim);
        return;
    case -EBUSY:
        candidates_unpageable(evict->candidates, victim->io.gfn, clock_ms());
        fail(victim);
        return;
    case -ENOENT:
        evict->env.stats->lost++;
        lose(evict, victim);
        return;
    case 0:
        break;
    default:
        suspect_gone(evict);
    }
    is_out(evict, victim);
}

/*
 * All requests so far are handled first: a drop that is older than the nomination must not be
 * met by a page that is out, whose slot it would free.
 */
static void commit(struct evict *evict)
{
    struct victim *victims[XEN_MAX_STEP];
    struct xen_page pages[XEN_MAX_STEP];
    unsigned int nr;

    mem_event_ring_consume(evict->ring);
    nr = gather(evict, VICTIM_NOMINATED, victims, pages);
    for (unsigned int i = 0; i < nr; i++)
        pages_record(evict->env.pages, victims[i]->io.gfn, victims[i]->io.slot);
    xen_evict(evict->env.ops, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        commit_one(evict, victims[i], pages[i].rc);
    if (evict->next < evict->nr_victims)
        evict_next_turn(evict, commit);
    else
        next_step(evict, take_back);
}

/* It is the guest's again. */
static void clear_away(struct evict *evict, struct victim *victim)
{
    pages_give_up(evict->env.pages, victim->io.gfn);
    if (victim->io.slot != STORE_SLOT_NONE)
        store_free(evict->env.store, victim->io.slot);
    victim->state = VICTIM_GONE;
}

/* With other errors, of a host without memory for example, it may be nominated still. */
static bool is_taken_back(int rc)
{
    return rc == 0 || rc == -ENOENT || rc == -ESRCH;
}

/* Returns false if that has to be gone on with a little later. */
static bool take_back_some(struct evict *evict)
{
    struct victim *victims[XEN_MAX_STEP];
    struct xen_page pages[XEN_MAX_STEP];
    unsigned int nr = gather(evict, VICTIM_FAILED, victims, pages);
    bool done = true;

    xen_cancel(evict->env.ops, pages, nr);
    for (unsigned int i = 0; i < nr; i++) {
        int rc = pages[i].rc;

        if (rc && rc != -ENOENT && rc != -EAGAIN)
            suspect_gone(evict);
        if (is_taken_back(rc))
            clear_away(evict, victims[i]);
        else
            done = false;
    }
    return done;
}

static void take_back(struct evict *evict)
{
    unsigned int first = evict->next;
    bool done = take_back_some(evict);

    for (unsigned int i = 0; i < evict->nr_victims; i++)
        if (evict->victims[i].state == VICTIM_LOST)
            clear_away(evict, &evict->victims[i]);
    if (!done) {
        evict->next = first;
        mem_event_ring_consume(evict->ring);
        evict_turn_after(evict, take_back, RETRY_CANCEL_MS);
    } else if (evict->next < evict->nr_victims) {
        evict_next_turn(evict, take_back);
    } else {
        next_step(evict, end_batch);
    }
}

static void end_batch(struct evict *evict)
{
    log_debug("batch: %u nominated, %u evicted, %u not written, %u turns, %u fruitless passes",
              evict->nr_victims, evict->nr_evicted, evict->nr_unwritten, evict->nr_turns,
              evict->nr_passes);
    evict->nr_victims = 0;
    evict_batch_ended(evict, evict->nr_evicted && !evict->nr_unwritten);
}
