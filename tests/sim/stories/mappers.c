/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mappers.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pattern.h"

#define HOLD_US 400
#define RETRY_US 100
#define REST_US 1000
#define LONG_REST_US 8000

struct mapper {
    struct guest *g;
    unsigned int index;
    bool writes;
    pthread_t thread;
    uint64_t random;
    uint64_t paged; /* pages in and out, when it last rested */
    uint32_t rest_us;
};

static struct mapper mappers[MAX_MAPPERS];
static unsigned int nr_mappers;
static bool stop;
static uint64_t lost;

uint64_t mappers_lost(void)
{
    return __atomic_load_n(&lost, __ATOMIC_RELAXED);
}

/* A counter in a page whose other words stay zero. */
static volatile uint64_t *counter_in(const uint64_t *words, uint64_t gfn)
{
    return (volatile uint64_t *)(uintptr_t)&words[gfn % PAGE_WORDS];
}

void mappers_check(struct guest *g, uint64_t gfn, const uint64_t *words)
{
    uint64_t expected = g->counters[gfn - g->region], found = *counter_in(words, gfn);

    if (found == expected)
        return;
    __atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
    if (host.patched)
        complain("d%u: gfn %#lx: a write of dom0's is lost: %lu, not %lu", g->domain->id,
                 (unsigned long)gfn, (unsigned long)found, (unsigned long)expected);
}

static void count(struct guest *g, uint64_t gfn, const uint64_t *words)
{
    mappers_check(g, gfn, words);
    *counter_in(words, gfn) += 1;
    g->counters[gfn - g->region] = *counter_in(words, gfn);
}

static int64_t map(struct mapper *m, uint64_t gfn, bool write)
{
    int64_t frame;

    host_lock();
    frame = m->g->domain->dying ? -ESRCH : p2m_map(m->g->domain, gfn, write);
    host_unlock();
    return frame;
}

static void use(struct mapper *m, uint64_t gfn, bool write)
{
    unsigned int retry_us = RETRY_US;
    int64_t frame;

    while ((frame = map(m, gfn, write)) == -ENOENT && !stop) {
        usleep(retry_us);
        retry_us += retry_us / 2;
    }
    if (frame < 0)
        return;
    if (!write || draw(&m->random, 2))
        usleep(draw(&m->random, HOLD_US));
    if (write)
        count(m->g, gfn, (const uint64_t *)(const void *)frame_page((uint32_t)frame));
    host_lock();
    frame_unpin((uint32_t)frame);
    host_unlock();
}

/* No mapping, and no pin: Xen has a look at the page itself. */
static void pass(struct mapper *m, uint64_t gfn)
{
    uint32_t frame;

    host_lock();
    frame = p2m_entry(m->g->domain, gfn)->frame;
    if (frame != NO_FRAME) {
        frame_get(frame);
        host_unlock();
        usleep(draw(&m->random, RETRY_US));
        host_lock();
        frame_put(frame);
    }
    host_unlock();
}

/* Longer and longer while no page moves: as guests, it has nothing to tell then. */
static void rest(struct mapper *m)
{
    const struct domain *d = m->g->domain;
    uint64_t paged = d->page_ins + d->page_outs;

    if (paged != m->paged)
        m->rest_us = REST_US;
    else if (m->rest_us < LONG_REST_US)
        m->rest_us += m->rest_us / 4;
    m->paged = paged;
    usleep(draw(&m->random, m->rest_us));
}

static void *map_things(void *arg)
{
    struct mapper *m = arg;
    uint64_t share = m->g->mapped / MAX_MAPPERS;
    uint64_t first = m->g->region + m->index * share;

    while (!stop) {
        uint32_t what = draw(&m->random, 4);

        if (what >= 2 && m->writes)
            use(m, first + draw(&m->random, (uint32_t)share), true);
        else if (what)
            use(m, draw(&m->random, (uint32_t)m->g->region), false);
        else
            pass(m, draw(&m->random, (uint32_t)m->g->region));
        rest(m);
    }
    return NULL;
}

void mapper_start(struct guest *g, unsigned int index, bool writes)
{
    struct mapper *m = &mappers[nr_mappers++];

    *m = (struct mapper){.g = g,
                         .index = index,
                         .writes = writes,
                         .random = pattern_mix(host.seed * 16 + index),
                         .rest_us = REST_US};
    stop = false;
    if (pthread_create(&m->thread, NULL, map_things, m))
        abort();
}

void mappers_stop(void)
{
    stop = true;
    while (nr_mappers)
        pthread_join(mappers[--nr_mappers].thread, NULL);
}
