/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One gfn on its way in: read, checked, loaded. */
#include "pager_inside.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock_ms.h"
#include "kept.h"
#include "log.h"
#include "mem_event_ring.h"
#include "page.h"
#include "pages.h"
#include "policy.h"
#include "priorities.h"
#include "stats.h"
#include "timer_ms.h"
#include "xen_ops.h"

#define RETRY_MS 20
#define STORE_RETRY_MS 1000
#define MAX_STORE_TRIES 5

static void page_read(struct store_io *io);
static void retry_load(evutil_socket_t fd, short what, void *arg);
static void hand_over(evutil_socket_t fd, short what, void *arg);

/* Returns 0 or -1. */
static int new_event(struct pager *pager, struct event **event, event_callback_fn fn, void *arg)
{
    *event = event_new(pager->env.base, -1, 0, fn, arg);
    return *event ? event_priority_set(*event, PRIORITY_SERVE) : -1;
}

int loads_init(struct pager *pager)
{
    STAILQ_INIT(&pager->read);
    for (unsigned int i = 0; i < NR_LOADS; i++) {
        struct load *load = &pager->loads[i];

        load->pager = pager;
        load->io.page = pager->buffers + (size_t)i * PAGE_BYTES;
        load->io.done = page_read;
        if (new_event(pager, &load->retry, retry_load, load))
            return -1;
    }
    return new_event(pager, &pager->hand_over, hand_over, pager);
}

void loads_free(struct pager *pager)
{
    if (pager->hand_over)
        event_free(pager->hand_over);
    for (unsigned int i = 0; i < NR_LOADS; i++)
        if (pager->loads[i].retry)
            event_free(pager->loads[i].retry);
}

static void retry_after(struct load *load, int ms)
{
    load->pager->env.stats->retries++;
    timer_add_ms(load->retry, ms);
}

static void note_end_of_failure(struct load *load)
{
    struct pager *pager = load->pager;

    if (load->store_tries >= MAX_STORE_TRIES && !--pager->nr_failed)
        pager->env.all_can_load(pager->env.arg);
}

/* The load is over, and the guest has its page or has given it up. */
static void finish(struct load *load)
{
    struct pager *pager = load->pager;
    uint32_t gfn = load->io.gfn;

    load->in_use = false;
    pager_respond_waiting(pager, gfn);
    note_end_of_failure(load);
    if (!load->is_fetch)
        return;
    pager->nr_fetches--;
    pager->env.fetched(pager->env.arg);
}

static void loaded(struct load *load)
{
    struct pager_env *env = &load->pager->env;
    uint32_t gfn = load->io.gfn;

    env->stats->page_ins++;
    if (load->was_awaited) {
        env->stats->refaults++;
        policy_note(env->policy, gfn, load->asked_by, clock_ms());
    }
    pages_loaded(env->pages, gfn);
    kept_or_free(env->pages, env->store, gfn, load->io.slot);
    finish(load);
    env->loaded(env->arg);
}

/* The guest gave the gfn up: a request said so, or Xen does not know it as paged out any more. */
static void dropped(struct load *load)
{
    struct pager_env *env = &load->pager->env;

    pages_drop(env->pages, load->io.gfn);
    store_free(env->store, load->io.slot);
    env->stats->drops++;
    finish(load);
}

/*
 * Xen does not know the gfn as paged out: the guest gave it up, or an eviction that seemed to go
 * well has left it nominated.
 */
static void not_out(struct load *load)
{
    struct pager_env *env = &load->pager->env;
    int rc = pager_cancel_nomination(load->pager, load->io.gfn);

    if (!rc || rc == -ENOENT) {
        dropped(load);
        return;
    }
    if (rc != -EAGAIN)
        env->suspect_gone(env->arg);
    retry_after(load, RETRY_MS);
}

static void handed_over(struct load *load, int rc)
{
    struct pager_env *env = &load->pager->env;

    load->is_read = rc == -ENOMEM || rc == -ENOENT;
    switch (rc) {
    case 0:
        loaded(load);
        break;
    case -ENOENT:
        not_out(load);
        break;
    case -ENOMEM:
        retry_after(load, RETRY_MS);
        env->short_of_memory(env->arg);
        break;
    default:
        env->suspect_gone(env->arg);
        log_limited(LOG_LEVEL_ERROR, "cannot load gfn %#" PRIx32 ": %s", load->io.gfn,
                    strerror(-rc));
        retry_after(load, STORE_RETRY_MS);
    }
}

static bool is_awaited(const struct load *load)
{
    enum policy_event event;

    return pager_somebody_waits(load->pager, load->io.gfn, &event);
}

/*
 * Takes the next ones from the list, as many as one call takes: those that somebody waits for, or
 * any others if there are none. A gfn may have been given up since its page was read.
 */
static unsigned int gather(struct pager *pager, bool awaited, struct load **loads)
{
    struct load *load = STAILQ_FIRST(&pager->read), *next;
    unsigned int nr = 0;

    for (; load && nr < xen_step(pager->env.ops); load = next) {
        next = STAILQ_NEXT(load, link);
        if (!load->is_dropped && is_awaited(load) != awaited)
            continue;
        STAILQ_REMOVE(&pager->read, load, load, link);
        if (load->is_dropped)
            dropped(load);
        else
            loads[nr++] = load;
    }
    return nr;
}

static bool answer(struct load *load)
{
    load->was_awaited = pager_somebody_waits(load->pager, load->io.gfn, &load->asked_by);
    pager_respond_waiting(load->pager, load->io.gfn);
    return load->was_awaited;
}

/* What Xen has taken. The guest goes on while the books are kept. */
static void answer_all(struct pager *pager, struct load **loads, const struct xen_page *pages,
                       unsigned int nr)
{
    bool any = false;

    for (unsigned int i = 0; i < nr; i++)
        if (!pages[i].rc)
            any |= answer(loads[i]);
    if (any)
        mem_event_ring_notify(pager->ring);
}

/* All that was read in this turn of the loop, in one hypercall. Who waits does not wait for others.
 */
static void hand_over(evutil_socket_t fd, short what, void *arg)
{
    struct pager *pager = arg;
    struct load *loads[XEN_MAX_STEP];
    struct xen_page pages[XEN_MAX_STEP];
    unsigned int nr = gather(pager, true, loads);

    (void)fd, (void)what;
    if (!nr)
        nr = gather(pager, false, loads);
    for (unsigned int i = 0; i < nr; i++)
        pages[i] = (struct xen_page){.gfn = loads[i]->io.gfn, .copy = loads[i]->io.page};
    xen_load_all(pager->env.ops, pages, nr);
    answer_all(pager, loads, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        handed_over(loads[i], pages[i].rc);
    if (!STAILQ_EMPTY(&pager->read))
        event_active(pager->hand_over, EV_TIMEOUT, 0);
}

static void hand_over_soon(struct load *load)
{
    STAILQ_INSERT_TAIL(&load->pager->read, load, link);
    event_active(load->pager->hand_over, EV_TIMEOUT, 0);
}

static void store_failed(struct load *load)
{
    struct pager_env *env = &load->pager->env;

    log_limited(LOG_LEVEL_ERROR, "gfn %#" PRIx32 " cannot be read from slot %" PRIu32 ": %s",
                load->io.gfn, load->io.slot,
                load->io.error == -EBADMSG ? "wrong checksum" : strerror(-load->io.error));
    if (++load->store_tries == MAX_STORE_TRIES) {
        load->pager->nr_failed++;
        env->cannot_load(env->arg, load->io.gfn,
                         load->io.error == -EBADMSG ? "its checksum is wrong"
                                                    : "the store cannot read it");
    }
    retry_after(load, STORE_RETRY_MS);
}

static void page_read(struct store_io *io)
{
    struct load *load = (struct load *)io;

    if (load->is_dropped)
        dropped(load);
    else if (io->error)
        store_failed(load);
    else
        hand_over_soon(load);
}

static void read_page(struct load *load)
{
    store_page_in(load->pager->env.store, &load->io, load->is_fetch ? STORE_FETCH : STORE_FAULT);
}

static void retry_load(evutil_socket_t fd, short what, void *arg)
{
    struct load *load = arg;

    (void)fd, (void)what;
    if (load->is_dropped)
        dropped(load);
    else if (load->is_read)
        hand_over_soon(load);
    else
        read_page(load);
}

static struct load *free_load(struct pager *pager)
{
    for (unsigned int i = 0; i < NR_LOADS; i++)
        if (!pager->loads[i].in_use)
            return &pager->loads[i];
    return NULL;
}

void load_begin(struct pager *pager, uint32_t gfn, bool is_fetch)
{
    struct load *load = free_load(pager);

    assert(load);
    load->in_use = true;
    load->is_fetch = is_fetch;
    load->is_read = false;
    load->is_dropped = false;
    load->store_tries = 0;
    load->io.gfn = gfn;
    load->io.slot = pages_slot(pager->env.pages, gfn);
    pages_begin_load(pager->env.pages, gfn);
    read_page(load);
}

static struct load *find_load(struct pager *pager, uint32_t gfn)
{
    for (unsigned int i = 0; i < NR_LOADS; i++)
        if (pager->loads[i].in_use && pager->loads[i].io.gfn == gfn)
            return &pager->loads[i];
    abort(); /* a gfn that is LOADING has a load */
}

void load_drop(struct pager *pager, uint32_t gfn)
{
    find_load(pager, gfn)->is_dropped = true; /* its I/O is under way, or it is to be handed over */
}
