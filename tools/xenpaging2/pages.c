/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "index.h"
#include "locked_memory.h"
#include "page.h"
#include "store.h"

#define NR_RECENT 65536u /* a power of two: indices wrap */
#define URGENT 0x80u     /* a flag beside the state */
#define MAX_LOOKS 8192u  /* for a slot that is kept: some 10 us */

struct pages {
    uint32_t nr_gfns;
    uint32_t nr_paged;
    uint32_t nr_loading;
    uint32_t nr_urgent; /* and PAGED */
    uint32_t nr_kept;   /* slots of RESIDENT gfns */
    struct index *index;
    uint8_t *parts;    /* 0: it has no room, and all its gfns are RESIDENT */
    uint32_t *entries; /* these two as many as whole parts have */
    uint8_t *state;

    /* The gfns last paged out, a stack that forgets its bottom. Entries may be out of date. */
    uint32_t *recent;
    uint32_t recent_top;
    uint32_t nr_recent;
    uint32_t scan; /* where the search by falling gfn goes on, once the stack is empty */
    uint32_t urgent_scan;
    uint32_t kept_scan;
};

static uint32_t nr_parts(uint32_t nr_gfns)
{
    return (uint32_t)(whole_parts(nr_gfns) / PART_GFNS);
}

bool pages_has_room(const struct pages *pages, uint32_t gfn)
{
    return pages->parts[gfn / PART_GFNS];
}

uint32_t pages_next_with_room(const struct pages *pages, uint64_t from)
{
    while (from < pages->nr_gfns && !pages_has_room(pages, (uint32_t)from))
        from = (from / PART_GFNS + 1) * PART_GFNS;
    return from < pages->nr_gfns ? (uint32_t)from : pages->nr_gfns;
}

/* Of whole parts. */
static int take_room(struct pages *pages, size_t first, size_t nr)
{
    int rc = index_use_gfns(pages->index, pages->entries, first, nr);

    return rc ? rc : locked_present(pages->state, first, nr);
}

int pages_make_room(struct pages *pages, uint32_t gfn)
{
    uint32_t part = gfn / PART_GFNS;
    int rc;

    assert(gfn < pages->nr_gfns);
    if (pages_has_room(pages, gfn))
        return 0;
    rc = take_room(pages, (size_t)part * PART_GFNS, PART_GFNS);
    if (!rc)
        __atomic_store_n(&pages->parts[part], INDEX_PART, __ATOMIC_RELEASE);
    return rc;
}

/* What an earlier pager has made room for, as far as it goes in one piece at a time. */
static int take_room_again(struct pages *pages)
{
    size_t nr = whole_parts(pages->nr_gfns), first = pages_next_with_room(pages, 0), end;
    int rc = 0;

    while (!rc && first < pages->nr_gfns) {
        for (end = first; end < nr && pages_has_room(pages, (uint32_t)end);)
            end += PART_GFNS;
        rc = take_room(pages, first, end - first);
        first = pages_next_with_room(pages, end);
    }
    return rc;
}

struct pages *pages_create(uint32_t nr_gfns, struct index *index)
{
    struct pages *pages = calloc(1, sizeof(*pages));
    int rc = -ENOMEM;

    if (!pages)
        return NULL;
    pages->index = index;
    pages->recent = locked_alloc(NR_RECENT * sizeof(*pages->recent));
    if (pages->recent)
        rc = pages_grow(pages, nr_gfns);
    if (!rc)
        rc = take_room_again(pages);
    if (!rc)
        return pages;
    pages_destroy(pages);
    errno = -rc;
    return NULL;
}

void pages_destroy(struct pages *pages)
{
    if (!pages)
        return;
    locked_free(pages->recent, NR_RECENT * sizeof(*pages->recent));
    locked_free(pages->parts, nr_parts(pages->nr_gfns));
    locked_free(pages->entries, whole_parts(pages->nr_gfns) * sizeof(*pages->entries));
    locked_free(pages->state, whole_parts(pages->nr_gfns) * sizeof(*pages->state));
    free(pages);
}

/* The smaller ones of them first; they are given back if the next one does not grow. */
static int grow_parts(struct pages *pages, uint32_t nr_gfns)
{
    uint8_t *parts =
        index_grow_parts(pages->index, pages->parts, nr_parts(pages->nr_gfns), nr_parts(nr_gfns));

    if (!parts)
        return store_was_full(-errno) ? -ENOSPC : -ENOMEM;
    pages->parts = parts;
    return 0;
}

static int grow_state(struct pages *pages, uint32_t nr_gfns)
{
    uint8_t *state =
        locked_reserve_more(pages->state, whole_parts(pages->nr_gfns), whole_parts(nr_gfns));

    if (state)
        pages->state = state;
    return state ? 0 : -ENOMEM;
}

static int grow_entries(struct pages *pages, uint32_t nr_gfns)
{
    uint32_t *entries = index_grow_gfns(pages->index, pages->entries, whole_parts(pages->nr_gfns),
                                        whole_parts(nr_gfns));

    if (entries)
        pages->entries = entries;
    return entries ? 0 : -ENOMEM;
}

static void shrink_parts(struct pages *pages, uint32_t nr_gfns)
{
    pages->parts = locked_shrink(pages->parts, nr_parts(nr_gfns), nr_parts(pages->nr_gfns));
}

static void shrink_state(struct pages *pages, uint32_t nr_gfns)
{
    pages->state = locked_shrink(pages->state, whole_parts(nr_gfns), whole_parts(pages->nr_gfns));
}

int pages_grow(struct pages *pages, uint32_t nr_gfns)
{
    int rc;

    if (nr_gfns <= pages->nr_gfns)
        return 0;
    rc = grow_parts(pages, nr_gfns);
    if (rc)
        return rc;
    rc = grow_state(pages, nr_gfns);
    if (!rc) {
        rc = grow_entries(pages, nr_gfns);
        if (rc)
            shrink_state(pages, nr_gfns);
    }
    if (rc)
        shrink_parts(pages, nr_gfns);
    else
        pages->nr_gfns = nr_gfns;
    return rc;
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
    if (!pages_has_room(pages, gfn))
        return PAGE_RESIDENT;
    return (enum page_state)(pages->state[gfn] & ~URGENT);
}

uint32_t pages_slot(const struct pages *pages, uint32_t gfn)
{
    assert(pages_state(pages, gfn) == PAGE_PAGED || pages_state(pages, gfn) == PAGE_LOADING);
    return pages->entries[gfn] - 1;
}

/* In the order of the program, for a pager that finds it as it was at any moment. */
static void set_entry(struct pages *pages, uint32_t gfn, uint32_t entry)
{
    __atomic_store_n(&pages->entries[gfn], entry, __ATOMIC_RELEASE);
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
    if (gfn >= pages->scan)
        pages->scan = gfn + 1;
}

void pages_keep(struct pages *pages, uint32_t gfn, uint32_t slot)
{
    assert(pages_state(pages, gfn) == PAGE_RESIDENT && pages->entries[gfn] == INDEX_NONE);
    assert(pages_has_room(pages, gfn) && slot < INDEX_MAX_SLOTS);
    set_entry(pages, gfn, (slot + 1) ^ INDEX_KEPT);
    pages->nr_kept++;
}

uint32_t pages_kept(const struct pages *pages, uint32_t gfn)
{
    uint32_t entry = pages_entry(pages, gfn);

    return index_is_kept(entry) ? (entry ^ INDEX_KEPT) - 1 : STORE_SLOT_NONE;
}

uint32_t pages_nr_kept(const struct pages *pages)
{
    return pages->nr_kept;
}

bool pages_take_kept(struct pages *pages, uint32_t *slot)
{
    for (uint32_t i = 0; pages->nr_kept && i < MAX_LOOKS; i++) {
        uint32_t gfn = pages->kept_scan++ % pages->nr_gfns;

        *slot = pages_kept(pages, gfn);
        if (*slot == STORE_SLOT_NONE)
            continue;
        set_entry(pages, gfn, INDEX_NONE);
        pages->nr_kept--;
        return true;
    }
    return false;
}

void pages_nominate(struct pages *pages, uint32_t gfn)
{
    assert(pages_has_room(pages, gfn));
    move(pages, gfn, PAGE_RESIDENT, PAGE_NOMINATED);
    pages->nr_kept -= index_is_kept(pages->entries[gfn]);
    set_entry(pages, gfn, INDEX_NOMINATED);
}

void pages_give_up(struct pages *pages, uint32_t gfn)
{
    move(pages, gfn, PAGE_NOMINATED, PAGE_RESIDENT);
    set_entry(pages, gfn, INDEX_NONE);
}

void pages_record(struct pages *pages, uint32_t gfn, uint32_t slot)
{
    assert(pages_state(pages, gfn) == PAGE_NOMINATED);
    assert(slot == STORE_SLOT_ZERO || slot < INDEX_MAX_SLOTS);
    set_entry(pages, gfn, slot + 1); /* which makes INDEX_ZERO of STORE_SLOT_ZERO */
}

void pages_commit(struct pages *pages, uint32_t gfn, uint32_t slot)
{
    pages_record(pages, gfn, slot);
    move(pages, gfn, PAGE_NOMINATED, PAGE_PAGED);
    pages->nr_paged++;
    remember_eviction(pages, gfn);
}

static void not_urgent(struct pages *pages, uint32_t gfn)
{
    if (pages->state[gfn] & URGENT)
        pages->nr_urgent--;
    pages->state[gfn] &= (uint8_t)~URGENT;
}

void pages_begin_load(struct pages *pages, uint32_t gfn)
{
    not_urgent(pages, gfn);
    move(pages, gfn, PAGE_PAGED, PAGE_LOADING);
    pages->nr_loading++;
}

void pages_loaded(struct pages *pages, uint32_t gfn)
{
    move(pages, gfn, PAGE_LOADING, PAGE_RESIDENT);
    set_entry(pages, gfn, INDEX_NONE);
    pages->nr_loading--;
    pages->nr_paged--;
}

void pages_drop(struct pages *pages, uint32_t gfn)
{
    if (pages_state(pages, gfn) == PAGE_LOADING) {
        pages_loaded(pages, gfn);
        return;
    }
    not_urgent(pages, gfn);
    move(pages, gfn, PAGE_PAGED, PAGE_RESIDENT);
    set_entry(pages, gfn, INDEX_NONE);
    pages->nr_paged--;
}

uint32_t pages_entry(const struct pages *pages, uint32_t gfn)
{
    assert(gfn < pages->nr_gfns);
    return pages_has_room(pages, gfn) ? pages->entries[gfn] : INDEX_NONE;
}

void pages_adopt(struct pages *pages, uint32_t gfn, bool urgent)
{
    assert(pages->entries[gfn] != INDEX_NONE && pages->entries[gfn] != INDEX_NOMINATED);
    move(pages, gfn, PAGE_RESIDENT, PAGE_PAGED);
    pages->nr_paged++;
    remember_eviction(pages, gfn);
    if (!urgent)
        return;
    pages->state[gfn] |= URGENT;
    pages->nr_urgent++;
}

void pages_forget(struct pages *pages, uint32_t gfn)
{
    assert(pages_state(pages, gfn) == PAGE_RESIDENT);
    set_entry(pages, gfn, INDEX_NONE);
}

/* The next one down that has room, which one has, and from the top again below 0. */
static uint32_t gfn_below(const struct pages *pages, uint32_t gfn)
{
    gfn = gfn ? gfn - 1 : pages->nr_gfns - 1;
    while (!pages_has_room(pages, gfn)) {
        uint32_t first = gfn / PART_GFNS * PART_GFNS;

        gfn = first ? first - 1 : pages->nr_gfns - 1;
    }
    return gfn;
}

/* One look at each: what is urgent was so from the start on. */
bool pages_urgent(struct pages *pages, uint32_t *gfn)
{
    if (!pages->nr_urgent)
        return false;
    do
        *gfn = pages->urgent_scan = gfn_below(pages, pages->urgent_scan);
    while (!(pages->state[*gfn] & URGENT));
    return true;
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
    do
        *gfn = pages->scan = gfn_below(pages, pages->scan);
    while (pages_state(pages, *gfn) != PAGE_PAGED);
    return true;
}
