/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "order.h"

#include "pattern.h"

static unsigned int bits_for(uint64_t n)
{
    unsigned int bits = 1;

    while (n > UINT64_C(1) << bits)
        bits++;
    return bits;
}

/*
 * A bijection of [0, n): each step is one of the next power of two's numbers (odd factor, sum,
 * xor with own high bits), and walking on until the number is below n keeps it one of [0, n).
 */
static uint64_t shuffle(uint64_t i, uint64_t n, uint64_t seed)
{
    unsigned int bits = bits_for(n);
    uint64_t mask = (UINT64_C(1) << bits) - 1;

    do {
        i = (i * (seed | 1) + (seed >> 32)) & mask;
        i ^= i >> (bits + 1) / 2;
        i = (i * UINT64_C(0x2545f4914f6cdd1d)) & mask;
        i ^= i >> (bits + 1) / 2;
    } while (i >= n);
    return i;
}

uint64_t order_verify(const struct order *o, uint64_t i, uint64_t round)
{
    return o->pattern == PATTERN_SWEEP ? i : shuffle(i, o->pages, pattern_mix(round));
}

static uint64_t next_random(struct order *o)
{
    o->random += UINT64_C(0x9e3779b97f4a7c15);
    return pattern_mix(o->random);
}

/* An octave by lot, then a rank in it by lot: rank k has a chance of about 1/k, without libm. */
static uint64_t zipf_rank(struct order *o)
{
    unsigned int octaves = bits_for(o->hot + 1);
    uint64_t rank;

    do {
        uint64_t octave = UINT64_C(1) << next_random(o) % octaves;

        rank = octave - 1 + next_random(o) % octave;
    } while (rank >= o->hot);
    return rank;
}

uint64_t order_rewrite(struct order *o)
{
    const uint64_t scatter = UINT64_C(0x6a09e667f3bcc909); /* fixed: the hot pages stay hot */

    switch (o->pattern) {
    case PATTERN_SWEEP:
        return o->cursor++ % o->hot;
    case PATTERN_ZIPF:
        return shuffle(zipf_rank(o), o->pages, scatter);
    case PATTERN_RANDOM:
        break;
    }
    return shuffle(next_random(o) % o->hot, o->pages, scatter);
}
