/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a store engine is: something that keeps pages under slot numbers.
 *
 * An engine takes an operation with submit() and later, from the event loop, calls
 * io->engine_done() with io->error set to 0 or a negative errno. A short read or write is an error
 * (-EIO). A page-out that ends with STORE_ELSEWHERE was not begun: its slot must not be used any
 * more, and another one may. Slots are numbered from 0; those below max_slots() may be used in any
 * order. release() tells that a slot was given back: nothing of it is under way, and what is in it,
 * if anything, is never asked for again. remove() is called when all of it is, and close() after
 * that.
 */
#ifndef XENPAGING2_STORE_ENGINE_H
#define XENPAGING2_STORE_ENGINE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "store.h"

/* An io->error of engines. No system call and no server has it for an answer. */
#define STORE_ELSEWHERE (-ERESTART)

struct store_engine;

struct store_engine_ops {
    void (*submit)(struct store_engine *engine, struct store_io *io);
    void (*release)(struct store_engine *engine, uint32_t slot);
    uint32_t (*max_slots)(const struct store_engine *engine);
    /* See store_engine_is_outside(); NULL: none is */
    bool (*is_outside)(const struct store_engine *engine, uint32_t slot);
    uint64_t (*id)(const struct store_engine *engine);     /* see store_id(); NULL: always 0 */
    uint64_t (*key_id)(const struct store_engine *engine); /* see store_key_id(); NULL: always 0 */
    /*
     * What is to be known of slots by a later process goes there; of as many as the index has
     * records of, an earlier one may have left pages. 0, -ENOMEM, or -ENOSPC if these cannot all
     * be there any more; NULL: no matter
     */
    int (*use_index)(struct store_engine *engine, struct index *index);
    void (*remove)(struct store_engine *engine);
    void (*close)(struct store_engine *engine);
};

/* The first member of each engine's own struct. */
struct store_engine {
    const struct store_engine_ops *ops;
};

/* Whether the page in a slot takes none of our memory. */
static inline bool store_engine_is_outside(const struct store_engine *engine, uint32_t slot)
{
    return engine->ops->is_outside && engine->ops->is_outside(engine, slot);
}

/* Opens the engine for options->where, which tells by its form which one. See store_open(). */
int store_engine_open(struct event_base *base, const struct store_options *options,
                      struct store_engine **engine, char *message, size_t size);

/*
 * A file or block device, through a few threads with pread(2) and pwrite(2). With an id that is
 * not 0, what is in it stays, and it has to be the one with this id. See store_open().
 */
int store_file_open(struct event_base *base, const char *path, uint64_t id,
                    struct store_engine **engine, char *message, size_t size);

/*
 * Memory, packed with compression (a name that compressor_create() takes; NULL: the default), of
 * no more than limit bytes (0: a quarter of this machine's). See store_open().
 */
int store_memory_open(struct event_base *base, const char *compression, uint64_t limit,
                      struct store_engine **engine, char *message, size_t size);

/*
 * From the start, what does not fit into the memory of this engine, or is not made much smaller,
 * goes to the next one, which now belongs to it. There are as many slots as the next one has.
 */
void store_memory_spill_to(struct store_engine *engine, struct store_engine *next);

/*
 * An NBD server, by its URI as libnbd has them (nbd_connect_uri(3)), over so many connections if
 * the server allows that. Waits up to 10 s for the first of them. The id is the URI's, and nothing
 * in the export is changed. See store_open().
 */
int store_nbd_open(struct event_base *base, const char *uri, unsigned int nr_connections,
                   uint64_t id, struct store_engine **engine, char *message, size_t size);

#endif
