/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slot_set.h"

#include <assert.h>
#include <errno.h>

#include "index.h"
#include "locked_memory.h"

#define GROW_WORDS 512u

static uint64_t bit_of(uint64_t slot)
{
    return UINT64_C(1) << slot % SLOT_SET_WORD_BITS;
}

int slot_set_make_room(struct slot_set *set, uint32_t slot)
{
    const uint32_t nr = slot / SLOT_SET_WORD_BITS / GROW_WORDS * GROW_WORDS + GROW_WORDS;
    uint64_t *words;

    if (slot_set_has_room(set, slot))
        return 0;
    words = index_grow_set(set->index, set->words, set->nr_words, nr);
    if (!words)
        return -errno;
    set->words = words;
    set->nr_words = nr;
    return 0;
}

bool slot_set_has_room(const struct slot_set *set, uint32_t slot)
{
    return slot / SLOT_SET_WORD_BITS < set->nr_words;
}

bool slot_set_has(const struct slot_set *set, uint64_t slot)
{
    return slot / SLOT_SET_WORD_BITS < set->nr_words &&
           set->words[slot / SLOT_SET_WORD_BITS] & bit_of(slot);
}

void slot_set_add(struct slot_set *set, uint32_t slot)
{
    assert(slot_set_has_room(set, slot));
    set->words[slot / SLOT_SET_WORD_BITS] |= bit_of(slot);
}

void slot_set_remove(struct slot_set *set, uint32_t slot)
{
    if (slot_set_has(set, slot))
        set->words[slot / SLOT_SET_WORD_BITS] &= ~bit_of(slot);
}

void slot_set_clear(struct slot_set *set)
{
    locked_free(set->words, set->nr_words * sizeof(*set->words));
    *set = (struct slot_set){0};
}
