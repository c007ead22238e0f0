/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asked_for.h"
#include "locked_memory.h"
#include "page.h"
#include "policy_order.h"

#define MAX_SEARCH 4096
#define TICK_MS 100
#define ASKED_FOR_TICKS 2 /* 0.1 to 0.2 s */
#define BUSY_TICKS 20
#define UNPAGEABLE_TICKS 600

/*
 * The mark of a gfn: 0 for none, WARM for one to be passed over once, HELD with the tick from which
 * it may be tried again, or both. Ticks wrap after 27 minutes.
 */
#define WARM 0x8000u
#define HELD 0x4000u
#define TICK_MASK 0x3fffu

struct policy {
    const struct policy_order *order;
    struct policy_cursor cursor;
    uint32_t nr_gfns;
    uint16_t *mark;
    uint64_t *ram;
    bool passed;
    struct asked_for asked_for;
};

static const struct policy_order *const orders[] = {&policy_clock, &policy_random, &policy_sweep};

#define NR_ORDERS (sizeof(orders) / sizeof(orders[0]))

static const struct policy_order *find_order(const char *name)
{
    for (size_t i = 0; i < NR_ORDERS; i++)
        if (!strcmp(orders[i]->name, name))
            return orders[i];
    return NULL;
}

const char *policy_names(void)
{
    return "clock, random, sweep";
}

bool policy_is_known(const char *name)
{
    return find_order(name) != NULL;
}

uint32_t policy_nr_regions(uint32_t nr_gfns)
{
    return nr_gfns / POLICY_REGION_GFNS + (nr_gfns % POLICY_REGION_GFNS != 0);
}

static size_t ram_bytes(uint32_t nr_gfns)
{
    return (policy_nr_regions(nr_gfns) + 63) / 64 * sizeof(uint64_t);
}

static size_t mark_bytes(uint32_t nr_gfns)
{
    return whole_parts(nr_gfns) * sizeof(uint16_t);
}

struct policy *policy_create(const char *name, uint32_t nr_gfns)
{
    const struct policy_order *order = find_order(name);
    struct policy *policy;

    if (!order) {
        errno = EINVAL;
        return NULL;
    }
    policy = calloc(1, sizeof(*policy));
    if (!policy || policy_grow(policy, nr_gfns)) {
        free(policy);
        errno = ENOMEM;
        return NULL;
    }
    policy->order = order;
    order->start(&policy->cursor, nr_gfns);
    return policy;
}

void policy_destroy(struct policy *policy)
{
    if (!policy)
        return;
    locked_free(policy->mark, mark_bytes(policy->nr_gfns));
    locked_free(policy->ram, ram_bytes(policy->nr_gfns));
    free(policy);
}

int policy_grow(struct policy *policy, uint32_t nr_gfns)
{
    size_t old_size = mark_bytes(policy->nr_gfns), size = mark_bytes(nr_gfns);
    uint16_t *mark;
    uint64_t *ram;

    if (nr_gfns <= policy->nr_gfns)
        return 0;
    mark = locked_reserve_more(policy->mark, old_size, size);
    if (!mark)
        return -ENOMEM;
    policy->mark = mark;
    ram = locked_grow(policy->ram, ram_bytes(policy->nr_gfns), ram_bytes(nr_gfns));
    if (!ram) {
        policy->mark = locked_shrink(mark, size, old_size);
        return -ENOMEM;
    }
    policy->ram = ram;
    policy->nr_gfns = nr_gfns;
    return 0;
}

int policy_make_room(struct policy *policy, uint32_t gfn)
{
    assert(gfn < policy->nr_gfns);
    return locked_present(policy->mark, mark_bytes(gfn / PART_GFNS * PART_GFNS),
                          mark_bytes(PART_GFNS));
}

void policy_add_ram(struct policy *policy, uint32_t region)
{
    assert(region < policy_nr_regions(policy->nr_gfns));
    policy->ram[region / 64] |= UINT64_C(1) << region % 64;
}

static uint16_t tick(int64_t now_ms, int64_t later)
{
    return (uint16_t)((now_ms / TICK_MS + later) & TICK_MASK);
}

static bool is_held(uint16_t mark, int64_t now_ms)
{
    return mark & HELD && ((mark - tick(now_ms, 1)) & TICK_MASK) < UNPAGEABLE_TICKS;
}

/* Looks at the mark of a gfn whose turn it is, and takes it off where its time is over. */
static bool is_eligible(const struct policy *policy, uint32_t gfn, int64_t now_ms)
{
    uint16_t mark = policy->mark[gfn];

    if (is_held(mark, now_ms))
        return false;
    if (mark) /* as there may be no room for it */
        policy->mark[gfn] = 0;
    return !(mark & WARM && policy->order->second_chance);
}

/* Those that somebody else has needed since then are as good as any. */
static bool next_asked_for(struct policy *policy, int64_t now_ms, uint32_t *gfn)
{
    while (asked_for_next(&policy->asked_for, now_ms, ASKED_FOR_TICKS * TICK_MS, gfn))
        if (!(policy->mark[*gfn] & WARM) && is_eligible(policy, *gfn, now_ms))
            return true;
    return false;
}

bool policy_next(struct policy *policy, int64_t now_ms, uint32_t *gfn)
{
    if (next_asked_for(policy, now_ms, gfn))
        return true;
    for (int i = 0; i < MAX_SEARCH; i++) {
        int rc = policy->order->next(&policy->cursor, policy->nr_gfns, policy->ram);

        if (rc)
            policy->passed = true;
        if (rc < 0)
            return false;
        *gfn = policy->cursor.gfn;
        if (is_eligible(policy, *gfn, now_ms))
            return true;
    }
    return false;
}

bool policy_passed(struct policy *policy)
{
    bool passed = policy->passed;

    policy->passed = false;
    return passed;
}

static uint16_t held(int64_t now_ms, int64_t ticks)
{
    return HELD | tick(now_ms, ticks);
}

static uint16_t mark_for(enum policy_event event, int64_t now_ms)
{
    switch (event) {
    case POLICY_PAGED_IN:
        return WARM;
    case POLICY_ASKED_FOR:
        return held(now_ms, ASKED_FOR_TICKS);
    case POLICY_BUSY:
        return held(now_ms, BUSY_TICKS);
    case POLICY_TAKEN_BACK:
        return WARM | held(now_ms, BUSY_TICKS);
    case POLICY_UNPAGEABLE:
        return held(now_ms, UNPAGEABLE_TICKS);
    }
    abort();
}

void policy_note(struct policy *policy, uint32_t gfn, enum policy_event event, int64_t now_ms)
{
    assert(gfn < policy->nr_gfns);
    policy->mark[gfn] = mark_for(event, now_ms);
    if (event == POLICY_ASKED_FOR)
        asked_for_add(&policy->asked_for, gfn, now_ms);
}

uint32_t policy_find_region(const uint64_t *ram, uint32_t first, uint32_t end)
{
    for (uint32_t region = first; region < end; region++) {
        uint64_t word = ram[region / 64] >> region % 64;

        if (word) {
            region += (uint32_t)__builtin_ctzll(word);
            return region < end ? region : end;
        }
        region |= 63; /* the rest of the word is empty */
    }
    return end;
}

int policy_step_up(struct policy_cursor *cursor, uint32_t nr_gfns, const uint64_t *ram)
{
    uint32_t end = policy_nr_regions(nr_gfns), next = cursor->gfn + 1, region;
    int wrapped = 0;

    region = policy_find_region(ram, next / POLICY_REGION_GFNS, end);
    if (region != next / POLICY_REGION_GFNS)
        next = region * POLICY_REGION_GFNS;
    if (region == end || next >= nr_gfns) {
        wrapped = 1;
        region = policy_find_region(ram, 0, end);
        if (region == end)
            return -1;
        next = region * POLICY_REGION_GFNS;
    }
    cursor->gfn = next;
    return wrapped;
}
