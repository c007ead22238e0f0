/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store engine that keeps pages packed in memory, and with one more behind it the first of two
 * tiers: what does not become much smaller, and what finds no room here, goes to the next one.
 *
 * All is done in the loop's thread. A page takes less time to pack than a thread to wake up; and
 * where there is work for milliseconds it is cut into turns, so that a page-in does not wait for
 * it.
 */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compressor.h"
#include "io_list.h"
#include "locked_memory.h"
#include "page.h"
#include "priorities.h"
#include "slabs.h"
#include "store_engine.h"

#define PAGES_PER_TURN 4
#define GROW_SLOTS 4096u
#define MOST_PACKED (PAGE_BYTES - 128u)       /* more is kept as it is, in a block of a page */
#define MOST_WITH_NEXT (PAGE_BYTES / 4u * 3u) /* more goes on */

/* What a block begins with, if it is smaller than a page. */
struct packed {
    uint16_t bytes;
    char data[MOST_PACKED];
};

struct memory_engine {
    struct store_engine engine;
    struct store_engine *next; /* tier; may be NULL */
    struct compressor *compressor;
    struct slabs *slabs;
    uint32_t *blocks; /* of each slot: a block, or none */
    uint32_t nr_blocks;
    struct io_list reads, writes;
    struct event *reading, *writing;
    struct packed packed;
};

static struct memory_engine *memory_of(struct store_engine *engine)
{
    return (struct memory_engine *)engine;
}

static bool is_here(const struct memory_engine *m, uint32_t slot)
{
    return slot < m->nr_blocks && m->blocks[slot] != SLABS_NONE;
}

static int grow(struct memory_engine *m, uint32_t slot)
{
    const uint32_t nr = slot / GROW_SLOTS * GROW_SLOTS + GROW_SLOTS;
    const size_t size = m->nr_blocks * sizeof(*m->blocks), new_size = nr * sizeof(*m->blocks);
    uint32_t *blocks;

    if (slabs_charge(m->slabs, new_size - size))
        return -ENOSPC;
    blocks = locked_grow(m->blocks, size, new_size);
    if (!blocks) {
        slabs_uncharge(m->slabs, new_size - size);
        return -ENOMEM;
    }
    memset(blocks + m->nr_blocks, 0xff, new_size - size); /* SLABS_NONE */
    m->blocks = blocks;
    m->nr_blocks = nr;
    return 0;
}

static int put_block(struct memory_engine *m, uint32_t slot, const void *data, size_t bytes)
{
    int rc = slot < m->nr_blocks ? 0 : grow(m, slot);
    uint32_t block;

    if (!rc)
        rc = slabs_alloc(m->slabs, bytes, &block);
    if (rc)
        return rc;
    memcpy(slabs_at(m->slabs, block), data, bytes);
    m->blocks[slot] = block;
    return 0;
}

static int put(struct memory_engine *m, uint32_t slot, const void *page)
{
    struct packed *packed = &m->packed;
    size_t bytes =
        compressor_pack(m->compressor, page, packed->data, m->next ? MOST_WITH_NEXT : MOST_PACKED);

    if (!bytes)
        return m->next ? -ENOSPC : put_block(m, slot, page, PAGE_BYTES);
    packed->bytes = (uint16_t)bytes;
    return put_block(m, slot, packed, offsetof(struct packed, data) + bytes);
}

static int get(const struct memory_engine *m, uint32_t slot, void *page)
{
    const uint32_t block = m->blocks[slot];
    const struct packed *packed = slabs_at(m->slabs, block);

    if (slabs_size(m->slabs, block) == PAGE_BYTES)
        memcpy(page, packed, PAGE_BYTES);
    else if (!compressor_unpack(m->compressor, packed->data, packed->bytes, page))
        return -EBADMSG;
    return 0;
}

static void read_all(evutil_socket_t fd, short what, void *arg)
{
    struct memory_engine *m = arg;
    struct io_list reads = STAILQ_HEAD_INITIALIZER(reads);

    (void)fd, (void)what;
    STAILQ_CONCAT(&reads, &m->reads); /* who is told may come with the next one */
    while (!STAILQ_EMPTY(&reads)) {
        struct store_io *io = io_list_take(&reads);

        io->error = get(m, io->slot, io->page);
        io->engine_done(io);
    }
}

static void write_one(struct memory_engine *m, struct store_io *io)
{
    io->error = put(m, io->slot, io->page);
    if (io->error && m->next)
        m->next->ops->submit(m->next, io);
    else
        io->engine_done(io);
}

static void write_some(evutil_socket_t fd, short what, void *arg)
{
    struct memory_engine *m = arg;

    (void)fd, (void)what;
    for (int i = 0; i < PAGES_PER_TURN && !STAILQ_EMPTY(&m->writes); i++)
        write_one(m, io_list_take(&m->writes));
    if (!STAILQ_EMPTY(&m->writes))
        event_active(m->writing, EV_TIMEOUT, 0);
}

static void memory_submit(struct store_engine *engine, struct store_io *io)
{
    struct memory_engine *m = memory_of(engine);
    bool is_write = io->urgency == STORE_PAGE_OUT;

    if (!is_write && !is_here(m, io->slot)) {
        assert(m->next); /* else it was never written */
        m->next->ops->submit(m->next, io);
        return;
    }
    if (is_write)
        STAILQ_INSERT_TAIL(&m->writes, io, link);
    else
        STAILQ_INSERT_TAIL(&m->reads, io, link);
    event_active(is_write ? m->writing : m->reading, EV_TIMEOUT, 0);
}

static void memory_release(struct store_engine *engine, uint32_t slot)
{
    struct memory_engine *m = memory_of(engine);

    if (is_here(m, slot)) {
        slabs_free(m->slabs, m->blocks[slot]);
        m->blocks[slot] = SLABS_NONE;
    } else if (m->next) {
        m->next->ops->release(m->next, slot);
    }
}

/* A slot is of both tiers, so that nothing has to be remembered of where it is in the next one. */
static uint32_t memory_max_slots(const struct store_engine *engine)
{
    const struct memory_engine *m = (const struct memory_engine *)engine;

    return m->next ? m->next->ops->max_slots(m->next) : STORE_SLOT_ZERO;
}

static bool memory_is_outside(const struct store_engine *engine, uint32_t slot)
{
    const struct memory_engine *m = (const struct memory_engine *)engine;

    return m->next && !is_here(m, slot) && store_engine_is_outside(m->next, slot);
}

static void memory_remove(struct store_engine *engine)
{
    struct memory_engine *m = memory_of(engine);

    if (m->next)
        m->next->ops->remove(m->next);
}

static void memory_close(struct store_engine *engine)
{
    struct memory_engine *m = memory_of(engine);

    if (m->next)
        m->next->ops->close(m->next);
    if (m->reading)
        event_free(m->reading);
    if (m->writing)
        event_free(m->writing);
    locked_free(m->blocks, m->nr_blocks * sizeof(*m->blocks));
    slabs_destroy(m->slabs);
    compressor_destroy(m->compressor);
    free(m);
}

static const struct store_engine_ops memory_ops = {
    .submit = memory_submit,
    .release = memory_release,
    .max_slots = memory_max_slots,
    .is_outside = memory_is_outside,
    .remove = memory_remove,
    .close = memory_close,
};

/* A quarter of what this machine has, of which some is ours to fill. */
static uint64_t default_limit(void)
{
    uint64_t quarter = (uint64_t)sysconf(_SC_PHYS_PAGES) / 4 * (uint64_t)sysconf(_SC_PAGESIZE);

    if (quarter > SLABS_MAX_LIMIT)
        return SLABS_MAX_LIMIT;
    return quarter < SLABS_MIN_LIMIT ? SLABS_MIN_LIMIT : quarter;
}

static int prepare(struct memory_engine *m, struct event_base *base, const char *compression,
                   uint64_t limit)
{
    m->slabs = slabs_create(limit ? limit : default_limit());
    m->compressor = compressor_create(compression ? compression : COMPRESSOR_DEFAULT);
    m->reading = event_new(base, -1, 0, read_all, m);
    m->writing = event_new(base, -1, 0, write_some, m);
    if (!m->slabs || !m->compressor || !m->reading || !m->writing ||
        event_priority_set(m->reading, PRIORITY_SERVE) ||
        event_priority_set(m->writing, PRIORITY_BACKGROUND))
        return -ENOMEM;
    return 0;
}

int store_memory_open(struct event_base *base, const char *compression, uint64_t limit,
                      struct store_engine **engine, char *message, size_t size)
{
    struct memory_engine *m = calloc(1, sizeof(*m));
    int rc = -ENOMEM;

    if (m) {
        m->engine.ops = &memory_ops;
        STAILQ_INIT(&m->reads);
        STAILQ_INIT(&m->writes);
        rc = prepare(m, base, compression, limit);
    }
    if (rc) {
        snprintf(message, size, "store: out of memory");
        if (m)
            memory_close(&m->engine);
        return rc;
    }
    *engine = &m->engine;
    return 0;
}

void store_memory_spill_to(struct store_engine *engine, struct store_engine *next)
{
    memory_of(engine)->next = next;
}
