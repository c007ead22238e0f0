/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "locked_memory.h"

#define NR_RECENT 65536u /* a power of two: indices wrap */

struct pages {
    uint32_t nr_gfns;
    uint32_t nr_paged;
    uint32_t nr_loading;
    uint32_t *slot;
    uint8_t *state;

    /* The gfns last paged out, a stack that forgets its bottom. Entries may be out of date. */
    uint32_t *recent;
    uint32_t recent_top;
    uint32_t nr_recent;
    uint32_t scan; /* where the search by falling gfn goes on, once the stack is empty */
};

struct pages *pages_create(uint32_t nr_gfns)
{
    struct pages *pages = calloc(1, sizeof(*pages));

    if (!pages)
        return NULL;
    pages->recent = locked_alloc(NR_RECENT * sizeof(*pages->recent));
    if (!pages->recent || pages_grow(pages, nr_gfns)) {
        pages_destroy(pages);
        errno = ENOMEM;
        return NULL;
    }
    return pages;
}

void pages_destroy(struct pages *pages)
{
    if (!pages)
        return;
    locked_free(pages->recent, NR_RECENT * sizeof(*pages->recent));
    locked_free(pages->slot, pages->nr_gfns * sizeof(*pages->slot));
    locked_free(pages->state, pages->nr_gfns * sizeof(*pages->state));
    free(pages);
}

int pages_grow(struct pages *pages, uint32_t nr_gfns)
{
    uint32_t *slot;
    uint8_t *state;

    if (nr_gfns <= pages->nr_gfns)
        return 0;
    slot = locked_grow(pages->slot, pages->nr_gfns * sizeof(*slot), nr_gfns * sizeof(*slot));
    if (!slot)
        return -ENOMEM;
    pages->slot = slot;
    state = locked_grow(pages->state, pages->nr_gfns * sizeof(*state), nr_gfns * sizeof(*state));
    if (!state) {
        pages->slot = locked_shrink(slot, nr_gfns * sizeof(*slot), pages->nr_gfns * sizeof(*slot));
        return -ENOMEM;
    }
    pages->state = state;
    pages->nr_gfns = nr_gfns;
    return 0;
}

uint32_t pages_nr_gfns(const struct pages *pages)
{
    return pages->nr_gfns;
}

uint32_t pages_nr_paged(const struct pages *pages)
{
    return pages->nr_paged;
}

enum page_state pages_state(const struct pages *pages, uint32_t gfn)
{
    assert(gfn < pages->nr_gfns);
    return (enum page_state)pages->state[gfn];
}

uint32_t pages_slot(const struct pages *pages, uint32_t gfn)
{
    assert(pages_state(pages, gfn) == PAGE_PAGED || pages_state(pages, gfn) == PAGE_LOADING);
    return pages->slot[gfn];
}

static void move(struct pages *pages, uint32_t gfn, enum page_state from, enum page_state to)
{
    assert(pages_state(pages, gfn) == from);
    pages->state[gfn] = (uint8_t)to;
}

static void remember_eviction(struct pages *pages, uint32_t gfn)
{
    pages->recent[pages->recent_top++ % NR_RECENT] = gfn;
    if (pages->nr_recent < NR_RECENT)
        pages->nr_recent++;
    pages->scan = pages->nr_gfns;
}

void pages_nominate(struct pages *pages, uint32_t gfn)
{
    move(pages, gfn, PAGE_RESIDENT, PAGE_NOMINATED);
}

void pages_give_up(struct pages *pages, uint32_t gfn)
{
    move(pages, gfn, PAGE_NOMINATED, PAGE_RESIDENT);
}

void pages_commit(struct pages *pages, uint32_t gfn, uint32_t slot)
{
    move(pages, gfn, PAGE_NOMINATED, PAGE_PAGED);
    pages->slot[gfn] = slot;
    pages->nr_paged++;
    remember_eviction(pages, gfn);
}

void pages_begin_load(struct pages *pages, uint32_t gfn)
{
    move(pages, gfn, PAGE_PAGED, PAGE_LOADING);
    pages->nr_loading++;
}

void pages_loaded(struct pages *pages, uint32_t gfn)
{
    move(pages, gfn, PAGE_LOADING, PAGE_RESIDENT);
    pages->nr_loading--;
    pages->nr_paged--;
}

void pages_drop(struct pages *pages, uint32_t gfn)
{
    if (pages_state(pages, gfn) == PAGE_LOADING) {
        pages_loaded(pages, gfn);
        return;
    }
    move(pages, gfn, PAGE_PAGED, PAGE_RESIDENT);
    pages->nr_paged--;
}

bool pages_newest(struct pages *pages, uint32_t *gfn)
{
    if (pages->nr_paged == pages->nr_loading)
        return false;
    while (pages->nr_recent) {
        pages->nr_recent--;
        *gfn = pages->recent[--pages->recent_top % NR_RECENT];
        if (pages_state(pages, *gfn) == PAGE_PAGED)
            return true;
    }
    for (;;) {
        if (!pages->scan)
            pages->scan = pages->nr_gfns;
        *gfn = --pages->scan;
        if (pages_state(pages, *gfn) == PAGE_PAGED)
            return true;
    }
}
