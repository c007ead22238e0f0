/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evict.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock_ms.h"
#include "locked_memory.h"
#include "log.h"
#include "mem_event_ring.h"
#include "page.h"
#include "pages.h"
#include "policy.h"
#include "priorities.h"
#include "ram_map.h"
#include "stats.h"
#include "store.h"
#include "xen_ops.h"

#define STEP_PAGES 16 /* hypercalls in one turn of the event loop */
#define MAX_TURNS 64  /* in search of victims, if there are some already */
#define MAX_SKIP 4096 /* gfns looked at in one turn without a hypercall */
#define RETRY_CANCEL_MS 2
#define MIN_REST_MS 50
#define MAX_REST_MS 10000

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
    char *buffers;
    struct victim victims[EVICT_BATCH];
    uint32_t ram_region; /* where the look for new RAM goes on */
    unsigned int nr_victims;
    unsigned int next;       /* the victim at which this step goes on */
    unsigned int nr_writing; /* writes not done yet */
    unsigned int nr_turns;   /* of the search for victims */
    unsigned int nr_passes;  /* of the policy, that ended since the last victim was found */
    unsigned int nr_evicted; /* of this batch */
    unsigned int nr_unwritten;
    bool store_failed; /* said so, and no batch went well since */
    bool is_resting;
    int rest_ms; /* the last rest; 0 after a batch that went well */
};

static step_fn begin_batch, choose, copy, write_out, commit, take_back, end_batch;

static void run_turn(evutil_socket_t fd, short what, void *arg)
{
    struct evict *evict = arg;

    (void)fd, (void)what;
    evict->step(evict);
}

static void next_turn(struct evict *evict, step_fn *step)
{
    evict->step = step;
    event_active(evict->turn, EV_TIMEOUT, 0);
}

static void next_step(struct evict *evict, step_fn *step)
{
    evict->next = 0;
    next_turn(evict, step);
}

static void turn_after(struct evict *evict, step_fn *step, int ms)
{
    struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    evict->step = step;
    event_add(evict->turn, &delay);
}

static void page_written(struct store_io *io);

struct evict *evict_create(const struct evict_env *env)
{
    struct evict *evict = calloc(1, sizeof(*evict));

    if (!evict)
        return NULL;
    evict->env = *env;
    evict->buffers = locked_alloc((size_t)EVICT_BATCH * PAGE_BYTES);
    evict->turn = event_new(env->base, -1, 0, run_turn, evict);
    if (!evict->buffers || !evict->turn || event_priority_set(evict->turn, PRIORITY_BACKGROUND)) {
        evict_destroy(evict);
        errno = ENOMEM;
        return NULL;
    }
    for (unsigned int i = 0; i < EVICT_BATCH; i++) {
        evict->victims[i].evict = evict;
        evict->victims[i].io.page = evict->buffers + (size_t)i * PAGE_BYTES;
        evict->victims[i].io.done = page_written;
    }
    return evict;
}

void evict_destroy(struct evict *evict)
{
    if (!evict)
        return;
    if (evict->turn)
        event_free(evict->turn);
    locked_free(evict->buffers, (size_t)EVICT_BATCH * PAGE_BYTES);
    free(evict);
}

void evict_set_ring(struct evict *evict, struct mem_event_ring *ring)
{
    evict->ring = ring;
}

bool evict_is_busy(const struct evict *evict)
{
    return evict->nr_victims > 0;
}

void evict_start(struct evict *evict)
{
    if (evict->step)
        return;
    next_step(evict, begin_batch);
}

void evict_hurry(struct evict *evict)
{
    evict_start(evict);
    if (evict->is_resting && evict->rest_ms > MIN_REST_MS) {
        evict->rest_ms = MIN_REST_MS;
        turn_after(evict, begin_batch, MIN_REST_MS);
    }
}

void evict_nomination_lost(struct evict *evict, uint32_t gfn)
{
    for (unsigned int i = 0; i < evict->nr_victims; i++) {
        struct victim *victim = &evict->victims[i];

        if (victim->io.gfn != gfn || victim->state == VICTIM_GONE)
            continue;
        victim->state = VICTIM_LOST;
        policy_note(evict->env.policy, gfn, POLICY_PAGED_IN, clock_ms());
        return;
    }
    assert(!"a nominated gfn is in the batch");
}

/* The next gfn that is in memory as far as we know. Returns false if this turn finds none. */
static bool find_resident(struct evict *evict, int64_t now, uint32_t *gfn)
{
    for (int i = 0; i < MAX_SKIP; i++) {
        if (!policy_next(evict->env.policy, now, gfn))
            return false;
        if (pages_state(evict->env.pages, *gfn) == PAGE_RESIDENT)
            return true;
    }
    return false;
}

static void nominate(struct evict *evict, uint32_t gfn, int64_t now)
{
    struct evict_env *env = &evict->env;
    struct victim *victim = &evict->victims[evict->nr_victims];
    int rc = xen_nominate(env->ops, gfn);

    if (rc == -EBUSY) {
        policy_note(env->policy, gfn, POLICY_UNPAGEABLE, now);
    } else if (rc) {
        env->suspect_gone(env->arg);
    } else {
        pages_nominate(env->pages, gfn);
        victim->io.gfn = gfn;
        victim->state = VICTIM_NOMINATED;
        evict->nr_victims++;
    }
}

/* After each pass of the policy, the guest may have more RAM than it had. */
static void look_for_ram(struct evict *evict)
{
    struct evict_env *env = &evict->env;
    uint32_t nr_gfns = pages_nr_gfns(env->pages);

    if (policy_passed(env->policy)) {
        evict->nr_passes++;
        if (evict->ram_region >= policy_nr_regions(nr_gfns)) {
            env->new_pass(env->arg);
            nr_gfns = pages_nr_gfns(env->pages);
            evict->ram_region = 0;
        }
    }
    if (evict->ram_region < policy_nr_regions(nr_gfns))
        evict->ram_region = ram_map_refresh(env->ops, env->policy, nr_gfns, evict->ram_region);
}

static unsigned int batch_size(struct evict *evict)
{
    uint64_t wanted = evict->env.wanted(evict->env.arg);

    return wanted < EVICT_BATCH ? (unsigned int)wanted : EVICT_BATCH;
}

static void begin_batch(struct evict *evict)
{
    evict->is_resting = false;
    evict->nr_turns = 0;
    evict->nr_passes = 0;
    evict->nr_evicted = 0;
    evict->nr_unwritten = 0;
    choose(evict);
}

/* A whole pass without success is enough, and so is a long search if it had some. */
static bool search_is_over(const struct evict *evict)
{
    return evict->nr_passes > 1 || (evict->nr_victims && evict->nr_turns >= MAX_TURNS);
}

/*
 * The guest is paused for it, which lets hypercalls under way end first: one that finds its
 * arguments on a page nominated a moment ago fails with EFAULT (hvm_copy_from_guest_linear()),
 * and Linux answers that with BUG().
 */
static void nominate_some(struct evict *evict, unsigned int size)
{
    int64_t now = clock_ms();
    uint32_t gfn;

    if (xen_pause(evict->env.ops)) {
        evict->env.suspect_gone(evict->env.arg);
        return;
    }
    for (int i = 0; i < STEP_PAGES && evict->nr_victims < size; i++) {
        if (!find_resident(evict, now, &gfn))
            break;
        nominate(evict, gfn, now);
    }
    xen_unpause(evict->env.ops);
}

static void choose(struct evict *evict)
{
    unsigned int size = batch_size(evict), nr_before = evict->nr_victims;

    if (size > nr_before)
        nominate_some(evict, size);
    look_for_ram(evict);
    if (evict->nr_victims > nr_before)
        evict->nr_passes = 0;
    evict->nr_turns++;
    if (evict->nr_victims < size && !search_is_over(evict))
        next_turn(evict, choose);
    else
        next_step(evict, evict->nr_victims ? copy : end_batch);
}

static void fail(struct victim *victim)
{
    if (victim->state == VICTIM_NOMINATED)
        victim->state = VICTIM_FAILED;
}

static void copy(struct evict *evict)
{
    uint32_t gfns[STEP_PAGES];
    void *copies[STEP_PAGES];
    int errors[STEP_PAGES];
    unsigned int nr = 0, first = evict->next;

    for (; nr < STEP_PAGES && first + nr < evict->nr_victims; nr++) {
        gfns[nr] = evict->victims[first + nr].io.gfn;
        copies[nr] = evict->victims[first + nr].io.page;
    }
    xen_copy_out(evict->env.ops, gfns, nr, copies, errors);
    for (unsigned int i = 0; i < nr; i++)
        if (errors[i])
            fail(&evict->victims[first + i]);
    evict->next += nr;
    if (evict->next < evict->nr_victims)
        next_turn(evict, copy);
    else
        next_step(evict, write_out);
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

static void page_written(struct store_io *io)
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

static void commit_one(struct evict *evict, struct victim *victim)
{
    struct evict_env *env = &evict->env;
    int rc = xen_evict(env->ops, victim->io.gfn);

    if (rc) {
        policy_note(env->policy, victim->io.gfn, POLICY_BUSY, clock_ms());
        fail(victim);
        return;
    }
    pages_commit(env->pages, victim->io.gfn, victim->io.slot);
    victim->state = VICTIM_GONE;
    evict->nr_evicted++;
    env->stats->page_outs++;
    env->evicted(env->arg);
}

/*
 * All requests so far are handled first: a drop that is older than the nomination must not be
 * met by a page that is out, whose slot it would free.
 */
static void commit(struct evict *evict)
{
    unsigned int end = evict->next + STEP_PAGES;

    mem_event_ring_consume(evict->ring);
    for (; evict->next < end && evict->next < evict->nr_victims; evict->next++)
        if (evict->victims[evict->next].state == VICTIM_NOMINATED)
            commit_one(evict, &evict->victims[evict->next]);
    if (evict->next < evict->nr_victims)
        next_turn(evict, commit);
    else
        next_step(evict, take_back);
}

/* Returns false if the ring has no room for what that takes. */
static bool take_back_one(struct evict *evict, struct victim *victim)
{
    struct evict_env *env = &evict->env;

    if (victim->state == VICTIM_FAILED) {
        int rc = xen_cancel_nomination(env->ops, victim->io.gfn);

        if (rc == -EAGAIN)
            return false;
        if (rc && rc != -EINVAL)
            env->suspect_gone(env->arg);
    }
    if (victim->state != VICTIM_GONE) {
        pages_give_up(env->pages, victim->io.gfn);
        if (victim->io.slot != STORE_SLOT_NONE)
            store_free(env->store, victim->io.slot);
        victim->state = VICTIM_GONE;
    }
    return true;
}

static void take_back(struct evict *evict)
{
    unsigned int end = evict->next + STEP_PAGES;

    for (; evict->next < end && evict->next < evict->nr_victims; evict->next++) {
        if (!take_back_one(evict, &evict->victims[evict->next])) {
            mem_event_ring_consume(evict->ring);
            turn_after(evict, take_back, RETRY_CANCEL_MS);
            return;
        }
    }
    if (evict->next < evict->nr_victims)
        next_turn(evict, take_back);
    else
        next_step(evict, end_batch);
}

static void rest(struct evict *evict)
{
    evict->rest_ms = evict->rest_ms ? evict->rest_ms * 2 : MIN_REST_MS;
    if (evict->rest_ms > MAX_REST_MS)
        evict->rest_ms = MAX_REST_MS;
    evict->is_resting = true;
    turn_after(evict, begin_batch, evict->rest_ms);
}

/* A batch without success, or one with a store in trouble, is followed by a rest that grows. */
static void end_batch(struct evict *evict)
{
    bool went_well = evict->nr_evicted && !evict->nr_unwritten;

    log_debug("batch: %u nominated, %u evicted, %u not written, %u turns, %u fruitless passes",
              evict->nr_victims, evict->nr_evicted, evict->nr_unwritten, evict->nr_turns,
              evict->nr_passes);
    evict->nr_victims = 0;
    evict->step = NULL;
    if (went_well) {
        evict->rest_ms = 0;
        if (evict->store_failed)
            log_info("the store takes pages again");
        evict->store_failed = false;
    }
    if (!evict->env.wanted(evict->env.arg))
        evict->rest_ms = 0;
    else if (went_well)
        next_step(evict, begin_batch);
    else
        rest(evict);
}
