/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests from the ring, and who waits for what. */
#include "pager_inside.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pages.h"
#include "stats.h"
#include "xen_ops.h"

struct pager *pager_create(const struct pager_env *env)
{
    struct pager *pager = calloc(1, sizeof(*pager));

    if (!pager)
        return NULL;
    pager->env = *env;
    pager->buffers = xen_alloc_pages(env->ops, NR_LOADS);
    pager->unfinished = unfinished_create(env->base, pager_handle, pager);
    if (!pager->buffers || !pager->unfinished || loads_init(pager)) {
        pager_destroy(pager);
        errno = ENOMEM;
        return NULL;
    }
    return pager;
}

void pager_destroy(struct pager *pager)
{
    if (!pager)
        return;
    loads_free(pager);
    unfinished_destroy(pager->unfinished);
    xen_free_pages(pager->env.ops, pager->buffers, NR_LOADS);
    free(pager);
}

void pager_set_ring(struct pager *pager, struct mem_event_ring *ring)
{
    pager->ring = ring;
}

void pager_respond_waiting(struct pager *pager, uint32_t gfn)
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

bool pager_somebody_waits(const struct pager *pager, uint32_t gfn, enum policy_event *event)
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

int pager_cancel_nomination(struct pager *pager, uint32_t gfn)
{
    struct xen_page page = {.gfn = gfn};

    xen_cancel(pager->env.ops, &page, 1);
    return page.rc;
}

unsigned int pager_nr_fetches(const struct pager *pager)
{
    return pager->nr_fetches;
}

bool pager_can_fetch(const struct pager *pager)
{
    return pager->nr_fetches < PAGER_MAX_FETCHES;
}

void pager_fetch(struct pager *pager, uint32_t gfn)
{
    assert(pager_can_fetch(pager));
    pager->nr_fetches++;
    load_begin(pager, gfn, true);
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

bool pager_is_awaited(const struct pager *pager)
{
    return pager->nr_waiting > 0;
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
        pager->nr_failed++;
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
    rc = pager_cancel_nomination(pager, gfn);
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

static void handle_drop(struct pager *pager, const struct mem_event *event)
{
    struct pager_env *env = &pager->env;
    uint32_t gfn = (uint32_t)event->gfn, slot;

    if (pages_state(env->pages, gfn) == PAGE_LOADING) {
        load_drop(pager, gfn);
    } else if (pages_state(env->pages, gfn) == PAGE_PAGED) {
        slot = pages_slot(env->pages, gfn);
        pages_drop(env->pages, gfn);
        store_free(env->store, slot); /* now that nothing names it */
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
            load_begin(pager, gfn, false);
        pager->env.fault(pager->env.arg, gfn);
    }
}
