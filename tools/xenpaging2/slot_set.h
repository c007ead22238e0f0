/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of slots of a store: a bit for each, in locked memory or in an index. */
#ifndef XENPAGING2_SLOT_SET_H
#define XENPAGING2_SLOT_SET_H

#include <stdbool.h>
#include <stdint.h>

#define SLOT_SET_WORD_BITS 64u

struct index;

/* All zero is the empty set, with room for none; but for the index, in which there may be some. */
struct slot_set {
    struct index *index; /* NULL: in memory */
    uint64_t *words;
    uint32_t nr_words;
};

/* Makes room for a slot. Returns 0, -ENOMEM, or -ENOSPC of the index. */
int slot_set_make_room(struct slot_set *set, uint32_t slot);

/* Whether there was room made for it; only such a one can be added. */
bool slot_set_has_room(const struct slot_set *set, uint32_t slot);

/* Any number may be asked for and removed. */
bool slot_set_has(const struct slot_set *set, uint64_t slot);
void slot_set_add(struct slot_set *set, uint32_t slot);
void slot_set_remove(struct slot_set *set, uint32_t slot);

/* The set is all zero again; in the index it stays. */
void slot_set_clear(struct slot_set *set);

#endif
