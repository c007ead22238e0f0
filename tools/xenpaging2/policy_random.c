/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random: no access pattern of a guest is at odds with it. A complete pass, which random choice
 * does not know, is taken to be PASS_DRAWS choices.
 */
#include "policy.h"
#include "policy_order.h"

#define MAX_DRAWS 1024
#define PASS_DRAWS 65536

/* Marsaglia's xorshift64*: speed is all that matters here. */
static uint32_t draw(struct policy_cursor *cursor)
{
    uint64_t x = cursor->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    cursor->random = x;
    return (uint32_t)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
}

static void start(struct policy_cursor *cursor, uint32_t nr_gfns)
{
    cursor->random = UINT64_C(0x9e3779b97f4a7c15) ^ nr_gfns;
}

/*
 * Draws until it meets RAM, which may be a small part of all gfns. Only where that takes too long
 * is the nearest RAM upwards taken, at the price of an uneven choice.
 */
static int next(struct policy_cursor *cursor, uint32_t nr_gfns, const uint64_t *ram)
{
    uint32_t end = policy_nr_regions(nr_gfns);
    uint32_t at = 0, region;

    for (int i = 0; i < MAX_DRAWS; i++) {
        at = draw(cursor) % nr_gfns;
        region = at / POLICY_REGION_GFNS;
        if (ram[region / 64] >> region % 64 & 1) {
            cursor->gfn = at;
            return draw(cursor) % PASS_DRAWS == 0;
        }
    }
    cursor->gfn = at;
    region = policy_find_region(ram, 0, end);
    return region == end ? -1 : policy_step_up(cursor, nr_gfns, ram);
}

const struct policy_order policy_random = {
    .name = "random",
    .second_chance = 1,
    .start = start,
    .next = next,
};
