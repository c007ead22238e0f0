/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When there is a batch to be begun, and when to rest. */
#include "evict_inside.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "candidates.h"
#include "clock_ms.h"
#include "log.h"
#include "mem_event_ring.h"
#include "page.h"
#include "priorities.h"
#include "timer_ms.h"
#include "xen_ops.h"

#define PUT_OFF_MS 1 /* a turn, once, while page-ins wait */
#define SMALL_BATCHES_MS 20
#define MAX_BEHIND (2 * EVICT_BATCH) /* pages that are wanted, for small batches */
#define MIN_REST_MS 50
#define MAX_REST_MS 10000

/* After about as long without any page that can go out. Not often: device models are slow then. */
#define ASK_TO_UNMAP_REST_MS 400
#define ASK_TO_UNMAP_PERIOD_MS 60000

static void begin(evutil_socket_t fd, short what, void *arg);

/* Put off once, so that it does go on however long page-ins may wait: they may wait for memory. */
static void run_turn(evutil_socket_t fd, short what, void *arg)
{
    struct batch *batch = arg;
    const struct evict_env *env = &batch->evict->env;

    (void)fd, (void)what;
    batch->is_put_off = !batch->is_put_off && env->page_ins_wait(env->arg);
    if (batch->is_put_off)
        timer_add_ms(batch->turn, PUT_OFF_MS);
    else
        batch->step(batch);
}

void evict_go_on(struct evict *evict)
{
    for (unsigned int i = 0; i < EVICT_BATCHES; i++)
        if (evict->batches[i].is_put_off)
            event_active(evict->batches[i].turn, EV_TIMEOUT, 0);
}

void evict_next_turn(struct batch *batch, step_fn *step)
{
    batch->step = step;
    event_active(batch->turn, EV_TIMEOUT, 0);
}

void evict_turn_after(struct batch *batch, step_fn *step, int64_t ms)
{
    batch->step = step;
    timer_add_ms(batch->turn, ms);
}

static void begin_soon(struct evict *evict)
{
    event_active(evict->begin, EV_TIMEOUT, 0);
}

static struct candidates *create_candidates(const struct evict_env *env)
{
    const struct candidates_env candidates = {
        .ops = env->ops,
        .pages = env->pages,
        .policy = env->policy,
        .arg = env->arg,
        .new_pass = env->new_pass,
    };

    return candidates_create(&candidates);
}

static struct event *new_turn(struct evict *evict, event_callback_fn fn, void *arg)
{
    struct event *turn = event_new(evict->env.base, -1, 0, fn, arg);

    if (turn && event_priority_set(turn, PRIORITY_BACKGROUND)) {
        event_free(turn);
        turn = NULL;
    }
    return turn;
}

/* Returns 0, or -1 if there is no memory. */
static int batch_init(struct evict *evict, unsigned int nr)
{
    struct batch *batch = &evict->batches[nr];
    char *buffers = evict->buffers + (size_t)nr * EVICT_BATCH * PAGE_BYTES;

    batch->evict = evict;
    for (unsigned int i = 0; i < EVICT_BATCH; i++) {
        batch->victims[i].batch = batch;
        batch->victims[i].io.page = buffers + (size_t)i * PAGE_BYTES;
        batch->victims[i].io.done = evict_page_written;
    }
    batch->turn = new_turn(evict, run_turn, batch);
    return batch->turn ? 0 : -1;
}

struct evict *evict_create(const struct evict_env *env)
{
    struct evict *evict = calloc(1, sizeof(*evict));

    if (!evict)
        return NULL;
    evict->env = *env;
    evict->candidates = create_candidates(env);
    evict->buffers = xen_alloc_pages(env->ops, EVICT_BATCHES * EVICT_BATCH);
    evict->begin = new_turn(evict, begin, evict);
    for (unsigned int i = 0; i < EVICT_BATCHES; i++) {
        if (!evict->candidates || !evict->buffers || !evict->begin || batch_init(evict, i)) {
            evict_destroy(evict);
            errno = ENOMEM;
            return NULL;
        }
    }
    return evict;
}

void evict_destroy(struct evict *evict)
{
    if (!evict)
        return;
    for (unsigned int i = 0; i < EVICT_BATCHES; i++)
        if (evict->batches[i].turn)
            event_free(evict->batches[i].turn);
    if (evict->begin)
        event_free(evict->begin);
    xen_free_pages(evict->env.ops, evict->buffers, EVICT_BATCHES * EVICT_BATCH);
    candidates_destroy(evict->candidates);
    free(evict);
}

static void doorbell(void *arg, bool brought_requests);

void evict_set_ring(struct evict *evict, struct mem_event_ring *ring)
{
    evict->ring = ring;
    mem_event_ring_on_notify(ring, doorbell, evict);
}

static unsigned int nr_under_way(const struct evict *evict)
{
    unsigned int nr = 0;

    for (unsigned int i = 0; i < EVICT_BATCHES; i++)
        nr += evict->batches[i].in_use;
    return nr;
}

bool evict_is_busy(const struct evict *evict)
{
    return nr_under_way(evict) > 0;
}

void evict_note_page_in(struct evict *evict)
{
    evict->small_until_ms = clock_ms() + SMALL_BATCHES_MS;
}

static bool page_ins_come(const struct evict *evict)
{
    return evict->env.page_ins_wait(evict->env.arg) || clock_ms() < evict->small_until_ms;
}

static bool is_behind(const struct evict *evict)
{
    return evict->env.wanted(evict->env.arg) > MAX_BEHIND;
}

/* A store that is slow with writes could not keep up with many page-ins by small ones. */
unsigned int evict_batch_size(const struct evict *evict)
{
    return page_ins_come(evict) && !is_behind(evict) ? EVICT_SMALL_BATCH : EVICT_BATCH;
}

unsigned int evict_step(const struct evict *evict)
{
    unsigned int most = xen_step(evict->env.ops);

    return page_ins_come(evict) && most > EVICT_SMALL_BATCH ? EVICT_SMALL_BATCH : most;
}

void evict_suspect_gone(struct evict *evict)
{
    evict->env.suspect_gone(evict->env.arg);
}

/* What the batches under way, but for one, are going to take out. */
static uint64_t nr_promised(const struct evict *evict, const struct batch *but)
{
    uint64_t nr = 0;

    for (unsigned int i = 0; i < EVICT_BATCHES; i++) {
        const struct batch *batch = &evict->batches[i];

        if (batch != but && batch->in_use)
            nr += batch->nr_victims - batch->nr_evicted;
    }
    return nr;
}

static uint64_t wanted_besides(const struct evict *evict, const struct batch *but)
{
    uint64_t wanted = evict->env.wanted(evict->env.arg), promised = nr_promised(evict, but);

    return wanted > promised ? wanted - promised : 0;
}

uint64_t evict_wanted_of(const struct batch *batch)
{
    return wanted_besides(batch->evict, batch);
}

/* --- Beginning. --- */

void evict_start(struct evict *evict)
{
    if (!evict->is_resting)
        begin_soon(evict);
}

void evict_batch_waits(struct batch *batch)
{
    begin_soon(batch->evict);
}

/* Whether another one may be begun beside this one. */
static bool leaves_room(const struct batch *batch)
{
    return !batch->in_use || (batch->is_writing && !batch->only_parked);
}

/* Beside others a whole one only: what is missing a little later would be more little ones. */
static bool may_begin(const struct evict *evict)
{
    uint64_t wanted = wanted_besides(evict, NULL);

    for (unsigned int i = 0; i < EVICT_BATCHES; i++)
        if (!leaves_room(&evict->batches[i]))
            return false;
    if (!nr_under_way(evict))
        return wanted > 0;
    return wanted >= EVICT_BATCH && !evict->went_wrong && !evict->env.page_ins_wait(evict->env.arg);
}

static struct batch *free_batch(struct evict *evict)
{
    for (unsigned int i = 0; i < EVICT_BATCHES; i++)
        if (!evict->batches[i].in_use)
            return &evict->batches[i];
    return NULL;
}

/* A batch that begins before the rest is over is for what was let go. */
static void begin(evutil_socket_t fd, short what, void *arg)
{
    struct evict *evict = arg;
    bool only_parked = evict->is_resting && clock_ms() < evict->rest_until_ms;
    struct batch *batch = free_batch(evict);

    (void)fd, (void)what;
    evict->is_resting = false;
    if (batch && may_begin(evict))
        evict_begin_batch(batch, only_parked);
    else if (!evict_is_busy(evict))
        evict->rest_ms = 0; /* nothing is wanted any more */
}

/* --- Resting. Nothing is nominated meanwhile. --- */

/* Until its end, or until it is time to try what was let go. */
static void go_on_resting(struct evict *evict)
{
    int64_t now = clock_ms(), left = evict->rest_until_ms - now;
    int64_t due = candidates_parked_due_in(evict->candidates, now);

    if (due >= 0 && due < left)
        left = due;
    evict->is_resting = true;
    timer_add_ms(evict->begin, left > 0 ? left : 0);
}

static void rest_for(struct evict *evict, int ms)
{
    evict->rest_ms = ms;
    evict->rest_until_ms = clock_ms() + ms;
    go_on_resting(evict);
}

void evict_hurry(struct evict *evict)
{
    const int64_t soon = clock_ms() + MIN_REST_MS;

    evict_start(evict);
    if (!evict->is_resting || evict->rest_until_ms <= soon)
        return;
    evict->rest_until_ms = soon; /* rests grow all the same: see ask_to_unmap() */
    go_on_resting(evict);
}

/* A page may have been let go. If it has to go out is seen when its turn comes. */
static void doorbell(void *arg, bool brought_requests)
{
    struct evict *evict = arg;

    if (!candidates_nr_parked(evict->candidates))
        return;
    candidates_ring(evict->candidates, !brought_requests, clock_ms());
    if (evict->is_resting)
        go_on_resting(evict);
    else if (evict->env.wanted(evict->env.arg))
        evict_start(evict);
}

unsigned int evict_nr_parked(const struct evict *evict)
{
    return candidates_nr_parked(evict->candidates);
}

/*
 * A device model may keep what it has mapped for ever. Nobody is asked for it as long as others can
 * go out: the next transfer has to map its pages again, and QEMU 7.2 can abort meanwhile.
 */
static void ask_to_unmap(struct evict *evict)
{
    int64_t now = clock_ms();

    if (evict->rest_ms < ASK_TO_UNMAP_REST_MS || now < evict->next_ask_ms || evict->store_failed ||
        !candidates_nr_parked(evict->candidates))
        return;
    evict->next_ask_ms = now + ASK_TO_UNMAP_PERIOD_MS;
    if (!xen_ask_to_unmap(evict->env.ops))
        log_debug("no other page can go out: device models are asked to unmap theirs");
}

static void rest_longer(struct evict *evict)
{
    int ms = evict->rest_ms ? evict->rest_ms * 2 : MIN_REST_MS;

    ask_to_unmap(evict);
    rest_for(evict, ms < MAX_REST_MS ? ms : MAX_REST_MS);
}

static void all_ended(struct evict *evict, bool only_parked)
{
    bool went_wrong = evict->went_wrong;

    evict->went_wrong = false;
    if (!evict->env.wanted(evict->env.arg))
        evict->rest_ms = 0;
    else if (!went_wrong)
        begin_soon(evict);
    else if (only_parked)
        go_on_resting(evict);
    else
        rest_longer(evict);
}

static void note_success(struct evict *evict, bool was_stored)
{
    evict->rest_ms = 0;
    if (!evict->store_failed || !was_stored)
        return;
    log_info("the store takes pages again");
    evict->store_failed = false;
}

void evict_batch_ended(struct batch *batch, bool went_well)
{
    struct evict *evict = batch->evict;

    if (!went_well)
        evict->went_wrong = true;
    else if (!evict->went_wrong)
        note_success(evict, batch->nr_stored > 0);
    if (nr_under_way(evict))
        begin_soon(evict);
    else
        all_ended(evict, batch->only_parked);
}
