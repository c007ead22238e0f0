/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a store engine is: something that keeps pages under slot numbers.
 *
 * An engine takes an operation with submit() and later, from the event loop, calls
 * io->engine_done() with io->error set to 0 or a negative errno. A short read or write is an error
 * (-EIO). Slots are numbered from 0; those below max_slots() may be used in any order.
 */
#ifndef XENPAGING2_STORE_ENGINE_H
#define XENPAGING2_STORE_ENGINE_H

#include <stdint.h>

#include "store.h"

struct store_engine;

struct store_engine_ops {
    void (*submit)(struct store_engine *engine, struct store_io *io);
    uint32_t (*max_slots)(const struct store_engine *engine);
    uint64_t (*id)(const struct store_engine *engine); /* see store_id(); NULL: always 0 */
    void (*remove)(struct store_engine *engine);
    void (*close)(struct store_engine *engine);
};

/* The first member of each engine's own struct. */
struct store_engine {
    const struct store_engine_ops *ops;
};

/* A file or block device, through a few threads with pread(2) and pwrite(2). See store_open(). */
int store_file_open(struct event_base *base, const struct store_options *options,
                    struct store_engine **engine, char *message, size_t size);

#endif
