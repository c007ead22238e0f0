/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pager.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock_ms.h"
#include "log.h"
#include "page.h"
#include "pages.h"
#include "policy.h"
#include "priorities.h"
#include "stats.h"
#include "store.h"
#include "unfinished.h"
#include "xen_ops.h"

/* A slot of the ring is held until the response, so faults never need more than the first ones. */
#define NR_LOADS (MEM_EVENT_RING_SLOTS + PAGER_MAX_FETCHES)

#define RETRY_MS 20
#define STORE_RETRY_MS 1000
#define MAX_STORE_TRIES 5

/* One gfn on its way in. */
struct load {
    struct store_io io;
    struct pager *pager;
    struct event *retry;
    bool in_use;
    bool is_fetch;   /* nobody waited when it began */
    bool is_read;    /* the page is read and checked; Xen could not take it yet */
    bool is_dropped; /* the guest gave the gfn up meanwhile */
    unsigned int store_tries;
};

struct pager {
    struct pager_env env;
    struct mem_event_ring *ring;
    char *buffers;
    unsigned int nr_fetches;
    struct load loads[NR_LOADS];

    /* Requests whose gfn is being loaded. */
    struct mem_event waiting[MEM_EVENT_RING_SLOTS];
    unsigned int nr_waiting;

    struct unfinished *unfinished; /* requests that Xen could not complete yet */
    bool ended;                    /* these are answered all the same */
};

static void page_read(struct store_io *io);
static void retry_load(evutil_socket_t fd, short what, void *arg);

static int init_load(struct pager *pager, unsigned int i)
{
    struct load *load = &pager->loads[i];

    load->pager = pager;
    load->io.page = pager->buffers + (size_t)i * PAGE_BYTES;
    load->io.done = page_read;
    load->retry = event_new(pager->env.base, -1, 0, retry_load, load);
    return load->retry ? event_priority_set(load->retry, PRIORITY_SERVE) : -1;
}

struct pager *pager_create(const struct pager_env *env)
{
    struct pager *pager = calloc(1, sizeof(*pager));

    if (!pager)
        return NULL;
    pager->env = *env;
    pager->buffers = xen_alloc_pages(env->ops, NR_LOADS);
    pager->unfinished = unfinished_create(env->base, pager_handle, pager);
    for (unsigned int i = 0; i < NR_LOADS; i++) {
        if (!pager->buffers || !pager->unfinished || init_load(pager, i)) {
            pager_destroy(pager);
            errno = ENOMEM;
            return NULL;
        }
    }
    return pager;
}

void pager_destroy(struct pager *pager)
{
    if (!pager)
        return;
    for (unsigned int i = 0; i < NR_LOADS; i++)
        if (pager->loads[i].retry)
            event_free(pager->loads[i].retry);
    unfinished_destroy(pager->unfinished);
    xen_free_pages(pager->env.ops, pager->buffers, NR_LOADS);
    free(pager);
}

void pager_set_ring(struct pager *pager, struct mem_event_ring *ring)
{
    pager->ring = ring;
}

static void retry_after(struct load *load, int ms)
{
    struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    load->pager->env.stats->retries++;
    event_add(load->retry, &delay);
}

static void respond_waiting(struct pager *pager, uint32_t gfn)
{
    unsigned int kept = 0;

    for (unsigned int i = 0; i < pager->nr_waiting; i++) {
        if (pager->waiting[i].gfn == gfn)
            mem_event_ring_respond(pager->ring, &pager->waiting[i]);
        else
            pager->waiting[kept++] = pager->waiting[i];
    }
    pager->nr_waiting = kept;
}

/*
 * Whether somebody waits for it. If nobody is paused for it, that is a program which asks again
 * and again, and must find the page before it goes out anew.
 */
static bool somebody_waits(const struct pager *pager, uint32_t gfn, enum policy_event *event)
{
    bool waits = false;

    *event = POLICY_PAGED_IN;
    for (unsigned int i = 0; i < pager->nr_waiting; i++) {
        if (pager->waiting[i].gfn != gfn)
            continue;
        waits = true;
        if (!pager->waiting[i].vcpu_paused)
            *event = POLICY_ASKED_FOR;
    }
    return waits;
}

/* The load is over, and the guest has its page or has given it up. */
static void finish(struct load *load)
{
    struct pager *pager = load->pager;
    uint32_t gfn = load->io.gfn;

    store_free(pager->env.store, load->io.slot);
    load->in_use = false;
    respond_waiting(pager, gfn);
    if (!load->is_fetch)
        return;
    pager->nr_fetches--;
    pager->env.fetched(pager->env.arg);
}

static void loaded(struct load *load)
{
    struct pager_env *env = &load->pager->env;
    uint32_t gfn = load->io.gfn;
    enum policy_event event;

    env->stats->page_ins++;
    if (somebody_waits(load->pager, gfn, &event)) {
        env->stats->refaults++;
        policy_note(env->policy, gfn, event, clock_ms());
    }
    pages_loaded(env->pages, gfn);
    finish(load);
    env->loaded(env->arg);
}

/* The guest gave the gfn up: a request said so, or Xen does not know it as paged out any more. */
static void dropped(struct load *load)
{
    pages_drop(load->pager->env.pages, load->io.gfn);
    load->pager->env.stats->drops++;
    finish(load);
}

static int cancel_nomination(struct pager *pager, uint32_t gfn)
{
    struct xen_page page = {.gfn = gfn};

    xen_cancel(pager->env.ops, &page, 1);
    return page.rc;
}

/*
 * Xen does not know the gfn as paged out: the guest gave it up, or an eviction that seemed to go
 * well has left it nominated.
 */
static void not_out(struct load *load)
{
    struct pager_env *env = &load->pager->env;
    int rc = cancel_nomination(load->pager, load->io.gfn);

    if (!rc || rc == -ENOENT) {
        dropped(load);
        return;
    }
    if (rc != -EAGAIN)
        env->suspect_gone(env->arg);
    retry_after(load, RETRY_MS);
}

static void load_into_guest(struct load *load)
{
    struct pager_env *env = &load->pager->env;
    int rc = xen_load(env->ops, load->io.gfn, load->io.page);

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

static void store_failed(struct load *load)
{
    struct pager_env *env = &load->pager->env;

    log_limited(LOG_LEVEL_ERROR, "gfn %#" PRIx32 " cannot be read from slot %" PRIu32 ": %s",
                load->io.gfn, load->io.slot,
                load->io.error == -EBADMSG ? "wrong checksum" : strerror(-load->io.error));
    if (++load->store_tries == MAX_STORE_TRIES)
        env->cannot_load(env->arg, load->io.gfn,
                         load->io.error == -EBADMSG ? "its checksum is wrong"
                                                    : "the store cannot read it");
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
        load_into_guest(load);
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
        load_into_guest(load);
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

static void begin_load(struct pager *pager, uint32_t gfn, bool is_fetch)
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

bool pager_can_fetch(const struct pager *pager)
{
    return pager->nr_fetches < PAGER_MAX_FETCHES;
}

void pager_fetch(struct pager *pager, uint32_t gfn)
{
    assert(pager_can_fetch(pager));
    pager->nr_fetches++;
    begin_load(pager, gfn, true);
}

static void wait_for_load(struct pager *pager, const struct mem_event *event)
{
    assert(pager->nr_waiting < MEM_EVENT_RING_SLOTS);
    pager->waiting[pager->nr_waiting++] = *event;
}

/*
 * Whether a request has to wait because Xen could not complete its page-in, and may later on: its
 * vCPU would find the page still on its way in and say nothing more. Drops are never kept, because
 * they must not be met by a page that went out after them.
 */
static bool keep(struct pager *pager, const struct mem_event *event, int rc)
{
    struct pager_env *env = &pager->env;

    if (event->drop || pager->ended || !rc || rc == -ENOENT || rc == -EINVAL)
        return false;
    if (rc == -ENOMEM) {
        env->short_of_memory(env->arg);
    } else {
        env->suspect_gone(env->arg);
        log_limited(LOG_LEVEL_ERROR, "cannot complete the page-in of gfn %#" PRIx64 ": %s",
                    event->gfn, strerror(-rc));
    }
    env->stats->retries++;
    unfinished_keep(pager->unfinished, event);
    return true;
}

bool pager_has_unfinished(const struct pager *pager)
{
    return unfinished_nr(pager->unfinished) > 0;
}

void pager_end(struct pager *pager)
{
    pager->ended = true;
    unfinished_retry(pager->unfinished);
}

/*
 * The contents are not ours: the frame is there, and Xen only has to be told to go on. prep works
 * for a foreign request too, where Xen ignores the response (vm_event_resume()).
 */
static void let_go_on(struct pager *pager, const struct mem_event *event)
{
    int rc = xen_prep(pager->env.ops, event->gfn);

    if (keep(pager, event, rc))
        return;
    if (rc == -EINVAL && !event->drop) {
        pager->env.cannot_load(pager->env.arg, (uint32_t)event->gfn,
                               "it is paged out, but not by this pager");
        wait_for_load(pager, event);
        return;
    }
    mem_event_ring_respond(pager->ring, event);
}

/*
 * Takes the nomination back that a request is about: 0 if that is done. Another one may stand in
 * our books, younger than the request: a gfn can have been nominated, wanted or given up, and
 * nominated again before its request is seen. That is -ENOENT.
 */
static int undo_nomination(struct pager *pager, const struct mem_event *event)
{
    uint32_t gfn = (uint32_t)event->gfn;
    int rc;

    if (!event->drop)
        return xen_prep(pager->env.ops, gfn);
    if (!event->evict_fail)
        return -ENOENT;
    rc = cancel_nomination(pager, gfn);
    return rc == -ENOENT ? 0 : rc; /* it went with the gfn */
}

static void handle_nominated(struct pager *pager, const struct mem_event *event)
{
    struct pager_env *env = &pager->env;
    int rc = undo_nomination(pager, event);

    if (keep(pager, event, rc))
        return;
    if (!rc) {
        env->stats->lost++;
        env->nomination_lost(env->arg, (uint32_t)event->gfn);
    }
    mem_event_ring_respond(pager->ring, event);
}

static struct load *find_load(struct pager *pager, uint32_t gfn)
{
    for (unsigned int i = 0; i < NR_LOADS; i++)
        if (pager->loads[i].in_use && pager->loads[i].io.gfn == gfn)
            return &pager->loads[i];
    abort(); /* a gfn that is LOADING has a load */
}

static void handle_drop(struct pager *pager, const struct mem_event *event)
{
    struct pager_env *env = &pager->env;
    uint32_t gfn = (uint32_t)event->gfn;

    if (pages_state(env->pages, gfn) == PAGE_LOADING) {
        find_load(pager, gfn)->is_dropped = true; /* its I/O is under way */
    } else if (pages_state(env->pages, gfn) == PAGE_PAGED) {
        store_free(env->store, pages_slot(env->pages, gfn));
        pages_drop(env->pages, gfn);
        env->stats->drops++;
    }
    mem_event_ring_respond(pager->ring, event);
}

void pager_handle(void *arg, const struct mem_event *event)
{
    struct pager *pager = arg;
    struct pages *pages = pager->env.pages;
    uint32_t gfn = (uint32_t)event->gfn;

    log_debug("request gfn %#" PRIx64 "%s%s%s%s vcpu %" PRIu32, event->gfn,
              event->drop ? " drop" : "", event->evict_fail ? " evict-fail" : "",
              event->foreign ? " foreign" : "", event->vcpu_paused ? " paused" : "",
              event->vcpu_id);
    if (event->gfn >= pages_nr_gfns(pages)) {
        log_limited(LOG_LEVEL_WARNING, "request for gfn %#" PRIx64 ", which was never paged out",
                    event->gfn);
        let_go_on(pager, event);
        return;
    }
    if (pages_state(pages, gfn) == PAGE_NOMINATED) {
        handle_nominated(pager, event);
    } else if (event->drop) {
        handle_drop(pager, event);
    } else if (pages_state(pages, gfn) == PAGE_RESIDENT) {
        let_go_on(pager, event);
    } else {
        wait_for_load(pager, event);
        if (pages_state(pages, gfn) == PAGE_PAGED)
            begin_load(pager, gfn, false);
    }
}
