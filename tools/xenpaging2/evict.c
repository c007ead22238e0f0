/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When there is a batch to be done, and when to rest. */
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
#include "xen_ops.h"

#define MIN_REST_MS 50
#define MAX_REST_MS 10000

static void run_turn(evutil_socket_t fd, short what, void *arg)
{
    struct evict *evict = arg;

    (void)fd, (void)what;
    evict->step(evict);
}

void evict_next_turn(struct evict *evict, step_fn *step)
{
    evict->step = step;
    event_active(evict->turn, EV_TIMEOUT, 0);
}

void evict_turn_after(struct evict *evict, step_fn *step, int64_t ms)
{
    struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    evict->step = step;
    event_add(evict->turn, &delay);
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

struct evict *evict_create(const struct evict_env *env)
{
    struct evict *evict = calloc(1, sizeof(*evict));

    if (!evict)
        return NULL;
    evict->env = *env;
    evict->candidates = create_candidates(env);
    evict->buffers = xen_alloc_pages(env->ops, EVICT_BATCH);
    evict->turn = event_new(env->base, -1, 0, run_turn, evict);
    if (!evict->candidates || !evict->buffers || !evict->turn ||
        event_priority_set(evict->turn, PRIORITY_BACKGROUND)) {
        evict_destroy(evict);
        errno = ENOMEM;
        return NULL;
    }
    for (unsigned int i = 0; i < EVICT_BATCH; i++) {
        evict->victims[i].evict = evict;
        evict->victims[i].io.page = evict->buffers + (size_t)i * PAGE_BYTES;
        evict->victims[i].io.done = evict_page_written;
    }
    return evict;
}

void evict_destroy(struct evict *evict)
{
    if (!evict)
        return;
    if (evict->turn)
        event_free(evict->turn);
    xen_free_pages(evict->env.ops, evict->buffers, EVICT_BATCH);
    candidates_destroy(evict->candidates);
    free(evict);
}

static void doorbell(void *arg, bool brought_requests);

void evict_set_ring(struct evict *evict, struct mem_event_ring *ring)
{
    evict->ring = ring;
    mem_event_ring_on_notify(ring, doorbell, evict);
}

bool evict_is_busy(const struct evict *evict)
{
    return evict->nr_victims > 0;
}

void evict_start(struct evict *evict)
{
    if (evict->step)
        return;
    evict_next_turn(evict, evict_begin_batch);
}

/* Until its end, or until it is time to try what was let go. */
static void go_on_resting(struct evict *evict)
{
    int64_t now = clock_ms(), left = evict->rest_until_ms - now;
    int64_t due = candidates_parked_due_in(evict->candidates, now);

    if (due >= 0 && due < left)
        left = due;
    evict->is_resting = true;
    evict_turn_after(evict, evict_begin_batch, left > 0 ? left : 0);
}

static void rest_for(struct evict *evict, int ms)
{
    evict->rest_ms = ms;
    evict->rest_until_ms = clock_ms() + ms;
    go_on_resting(evict);
}

void evict_hurry(struct evict *evict)
{
    evict_start(evict);
    if (evict->is_resting && evict->rest_ms > MIN_REST_MS)
        rest_for(evict, MIN_REST_MS);
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

static void rest_longer(struct evict *evict)
{
    int ms = evict->rest_ms ? evict->rest_ms * 2 : MIN_REST_MS;

    rest_for(evict, ms < MAX_REST_MS ? ms : MAX_REST_MS);
}

void evict_batch_ended(struct evict *evict, bool went_well)
{
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
        evict_next_turn(evict, evict_begin_batch);
    else if (evict->only_parked)
        go_on_resting(evict);
    else
        rest_longer(evict);
}
