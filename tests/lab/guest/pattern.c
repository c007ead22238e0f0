/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pattern.h"

#define GOLDEN_GAMMA UINT64_C(0x9e3779b97f4a7c15)

/* The finalizer of splitmix64. */
uint64_t pattern_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

bool pattern_is_zero(struct page_id id, unsigned long zero_percent)
{
    return id.version % 2 == 0 && pattern_mix(id.page + GOLDEN_GAMMA) % 100 < zero_percent;
}

static uint64_t seed_of(struct page_id id)
{
    return pattern_mix(id.page ^ pattern_mix(id.version + GOLDEN_GAMMA));
}

static uint64_t word_of(uint64_t seed, unsigned int word)
{
    return pattern_mix(seed + (word + 1) * GOLDEN_GAMMA);
}

void pattern_fill(uint64_t *words, struct page_id id, unsigned long zero_percent)
{
    bool zero = pattern_is_zero(id, zero_percent);
    uint64_t seed = seed_of(id);

    for (unsigned int i = 0; i < PAGE_WORDS; i++)
        words[i] = zero ? 0 : word_of(seed, i);
}

bool pattern_check(const uint64_t *words, struct page_id id, unsigned long zero_percent,
                   struct mismatch *wrong)
{
    bool zero = pattern_is_zero(id, zero_percent);
    uint64_t seed = seed_of(id);

    for (unsigned int i = 0; i < PAGE_WORDS; i++) {
        uint64_t expected = zero ? 0 : word_of(seed, i);
        uint64_t found = ((const volatile uint64_t *)words)[i];

        if (found != expected) {
            *wrong = (struct mismatch){.word = i, .expected = expected, .found = found};
            return false;
        }
    }
    return true;
}
