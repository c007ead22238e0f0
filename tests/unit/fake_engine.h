/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A store engine in memory, without threads, in the place of the one for files: store_open() takes
 * it as long as fake_engine.in_use is set. What it does it does in the event loop, in order.
 */
#ifndef UNIT_FAKE_ENGINE_H
#define UNIT_FAKE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

struct fake_engine {
    bool in_use;
    uint32_t max_slots;
    unsigned int fail_reads, fail_writes; /* so many of the next ones */
    int error;                            /* with this negative errno */
    bool hold;                            /* nothing gets done, it all waits */
    unsigned int nr_reads, nr_writes;     /* done, well or not */
    unsigned int nr_released;             /* slots that were given back */
    bool removed;
    bool is_outside; /* its pages take no memory, as it says */
    uint64_t id;     /* store_id(); if it is not 0, pages outlive a store that is closed */
};

/* What becomes of the writes that wait when the daemon dies. */
enum fake_engine_death { WRITES_DONE, WRITES_DONE_IN_PART, WRITES_NOT_DONE, NR_ENGINE_DEATHS };
void fake_engine_dies(enum fake_engine_death death);

extern struct fake_engine fake_engine;

/* Ends each test's use of it with the default values. */
void fake_engine_reset(void);

/* What is in a slot, as long as that is not given back. */
const void *fake_engine_slot(uint32_t slot);

/* Changes a byte of a slot, or copies one slot over another. */
void fake_engine_corrupt(uint32_t slot);
void fake_engine_copy(uint32_t from, uint32_t to);

/* Does what has waited. */
void fake_engine_release(void);

/* Does the first of it, and holds the rest. */
void fake_engine_release_one(void);

/* Operations that wait. */
unsigned int fake_engine_nr_waiting(void);

#endif
