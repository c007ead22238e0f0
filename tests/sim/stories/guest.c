/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mappers.h"
#include "order.h"
#include "pattern.h"

/* A page is read and written in parts, so that it can be taken in the middle. */
#define PARTS 8
#define PART_BYTES (PAGE_BYTES / PARTS)

#define REST_AFTER 32 /* visits without a page in or out */
#define MIN_REST_US 1000
#define MAX_REST_US 15000

struct worker {
    struct guest *g;
    struct vcpu *v;
    uint64_t first;
    struct order order;
    uint64_t paged;       /* pages in and out, when it last rested */
    unsigned int rest_us; /* how long that was */
};

static bool access_page(struct worker *w, enum access how, uint64_t gfn, void *page)
{
    bool emulated = w->g->emulated && !draw(&w->v->random, w->g->emulated);
    enum access_by by = emulated ? BY_XEN : BY_VCPU;

    for (size_t at = 0; at < PAGE_BYTES; at += PART_BYTES)
        if (!vcpu_access(w->v, how, by, gfn, at, (char *)page + at, PART_BYTES))
            return false;
    return true;
}

static void check(struct guest *g, uint64_t gfn, const uint64_t *words)
{
    struct page_id id = {.page = gfn, .version = g->versions[gfn]};
    struct mismatch wrong;

    if (pattern_check(words, id, g->zero, &wrong))
        return;
    __atomic_add_fetch(&g->bad, 1, __ATOMIC_RELAXED);
    complain("d%u: gfn %#lx is bad: version %u, word %u is %#lx, not %#lx", g->domain->id,
             (unsigned long)gfn, id.version, wrong.word, (unsigned long)wrong.found,
             (unsigned long)wrong.expected);
}

/* A guest whose pages stay where they are has nothing to tell, and others need the processor. */
static void rest(struct worker *w)
{
    const struct domain *d = w->g->domain;
    uint64_t paged = d->page_ins + d->page_outs;

    if (!w->g->rests || w->g->visits[w->v->id] % REST_AFTER)
        return;
    if (paged != w->paged)
        w->rest_us = 0;
    else if (w->rest_us < MAX_REST_US)
        w->rest_us = w->rest_us * 2 + MIN_REST_US;
    w->paged = paged;
    if (w->rest_us)
        usleep(w->rest_us);
}

/* Returns false if it is time to end. */
static bool visit(struct worker *w, uint64_t gfn, bool rewrite)
{
    uint64_t words[PAGE_WORDS];

    rest(w);
    __atomic_add_fetch(&w->g->visits[w->v->id], 1, __ATOMIC_RELAXED);
    if (w->g->stop || !access_page(w, ACCESS_READ, gfn, words))
        return false;
    check(w->g, gfn, words);
    if (!rewrite)
        return true;
    w->g->versions[gfn]++;
    pattern_fill(words, (struct page_id){.page = gfn, .version = w->g->versions[gfn]}, w->g->zero);
    return access_page(w, ACCESS_WRITE, gfn, words);
}

static bool clear(struct worker *w, uint64_t gfn)
{
    char zeros[PAGE_BYTES] = {0};

    return access_page(w, ACCESS_WRITE, gfn, zeros);
}

/* A kernel clears what it gives up, which says nothing of where it is by now, and what it takes. */
static void balloon(struct worker *w)
{
    struct guest *g = w->g;
    uint64_t share = g->balloon / g->domain->nr_vcpus;
    uint64_t first = g->region + g->mapped + w->v->id * share;
    uint64_t *resident = &g->resident_balloon[w->v->id];
    bool up = draw(&w->v->random, 2);

    if (up && *resident < share && !vcpu_take(w->v, first + *resident) &&
        clear(w, first + *resident))
        (*resident)++;
    else if (!up && *resident && (draw(&w->v->random, 2) || clear(w, first + *resident - 1)) &&
             !vcpu_give_up(w->v, first + *resident - 1))
        (*resident)--;
}

static bool run_round(struct worker *w, uint64_t round)
{
    uint64_t writes = w->order.pages * w->g->writes / 100;

    for (uint64_t i = 0; i < writes; i++) {
        if (!visit(w, w->first + order_rewrite(&w->order), true))
            return false;
        if (w->g->balloons && !draw(&w->v->random, 4))
            balloon(w);
    }
    for (uint64_t i = 0; i < w->order.pages; i++)
        if (!visit(w, w->first + order_verify(&w->order, i, round), false))
            return false;
    return true;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    uint64_t *rounds = &w->g->rounds[w->v->id];

    while (run_round(w, *rounds + 1))
        __atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
    free(w);
    return NULL;
}

/* The toolstack loads what the vCPUs find, version 0. */
static void load_region(struct guest *g)
{
    for (uint64_t gfn = 0; gfn < g->region; gfn++)
        pattern_fill((uint64_t *)(void *)frame_page(p2m_entry(g->domain, gfn)->frame),
                     (struct page_id){.page = gfn, .version = 0}, g->zero);
}

void guest_create(struct guest *g, unsigned int nr_vcpus)
{
    host_lock();
    g->domain = domain_create(g->nr_ram, nr_vcpus);
    load_region(g);
    host_unlock();
    g->versions = calloc(g->region, sizeof(*g->versions));
    g->counters = calloc(g->mapped + 1, sizeof(*g->counters));
    for (unsigned int i = 0; i < nr_vcpus; i++)
        g->resident_balloon[i] = g->balloon / nr_vcpus;
}

void guest_start(struct guest *g)
{
    unsigned int nr = g->domain->nr_vcpus;

    for (unsigned int i = 0; i < nr; i++) {
        struct worker *w = calloc(1, sizeof(*w));
        uint64_t end = g->region * (i + 1) / nr;

        w->g = g;
        w->v = &g->domain->vcpus[i];
        w->first = g->region * i / nr;
        w->order = (struct order){.pattern = (enum pattern)draw(&w->v->random, 3),
                                  .pages = end - w->first,
                                  .hot = (end - w->first + 1) / 2,
                                  .random = w->v->random};
        if (pthread_create(&w->v->thread, NULL, work, w))
            abort();
    }
}

bool guest_stop(struct guest *g, unsigned int ms)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += host.complaint[0] ? 1 : ms / 1000 + 1;
    g->stop = true;
    for (unsigned int i = 0; i < g->domain->nr_vcpus; i++)
        if (pthread_timedjoin_np(g->domain->vcpus[i].thread, NULL, &end))
            return false;
    return true;
}

static uint64_t least_of(const uint64_t *counters, unsigned int nr)
{
    uint64_t least = UINT64_MAX;

    for (unsigned int i = 0; i < nr; i++) {
        uint64_t n = __atomic_load_n(&counters[i], __ATOMIC_RELAXED);

        least = n < least ? n : least;
    }
    return least;
}

uint64_t guest_rounds(const struct guest *g)
{
    return least_of(g->rounds, g->domain->nr_vcpus);
}

uint64_t guest_visits(const struct guest *g)
{
    return least_of(g->visits, g->domain->nr_vcpus);
}

/* --- In the end. --- */

static bool is_given_up(const struct guest *g, uint64_t gfn)
{
    uint64_t share = g->balloon / g->domain->nr_vcpus, at = gfn - g->region - g->mapped;

    return share && at / share < g->domain->nr_vcpus &&
           at % share >= g->resident_balloon[at / share];
}

static void verify_zero(struct guest *g, uint64_t gfn, const uint64_t *words)
{
    for (unsigned int i = 0; i < PAGE_WORDS; i++) {
        if (words[i]) {
            complain("d%u: gfn %#lx is not zero", g->domain->id, (unsigned long)gfn);
            return;
        }
    }
}

static void verify_page(struct guest *g, uint64_t gfn)
{
    const struct p2m_entry *e = p2m_entry(g->domain, gfn);
    const uint64_t *words;

    if (gfn >= g->region + g->mapped && is_given_up(g, gfn)) {
        if (e->type != TYPE_INVALID)
            complain("d%u: gfn %#lx is back", g->domain->id, (unsigned long)gfn);
        return;
    }
    if (e->type != TYPE_RAM_RW) {
        complain("d%u: gfn %#lx is not back (type %d)", g->domain->id, (unsigned long)gfn, e->type);
        return;
    }
    words = (const uint64_t *)(const void *)frame_page(e->frame);
    if (gfn < g->region)
        check(g, gfn, words);
    else if (gfn < g->region + g->mapped)
        mappers_check(g, gfn, words);
    else
        verify_zero(g, gfn, words);
}

void guest_verify(struct guest *g)
{
    host_lock();
    for (uint64_t gfn = 0; gfn < g->nr_ram; gfn++)
        verify_page(g, gfn);
    host_unlock();
}
