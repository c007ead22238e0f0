/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

#include "done_later.h"
#include "index.h"
#include "locked_memory.h"
#include "page.h"
#include "store_engine.h"

#define GROW_SLOTS 4096u

struct store {
    struct store_engine *engine;
    struct done_later later;  /* operations that need no engine */
    struct index *index;      /* may be NULL */
    struct index_slot *slots; /* in a free one, gfn is the next free slot and generation is 0 */
    uint32_t nr_slots;
    uint32_t nr_used;
    uint32_t max_slots;
    uint32_t room; /* slots that can be in use at a time, as far as is known */
    uint32_t first_free;
    uint32_t generation;
    bool is_to_adopt;         /* which slots are free is not known yet */
    const void *checksum_key; /* the index's, or */
    uint8_t own_key[INDEX_KEY_BYTES];
};

int store_open(struct event_base *base, const struct store_options *options, struct store **out,
               char *message, size_t size)
{
    struct store *store = calloc(1, sizeof(*store));
    int rc = -ENOMEM;

    snprintf(message, size, "store: out of memory");
    if (!store)
        return rc;
    store->first_free = STORE_SLOT_NONE;
    store->checksum_key = store->own_key;
    if (getrandom(store->own_key, INDEX_KEY_BYTES, 0) == INDEX_KEY_BYTES &&
        !done_later_init(&store->later, base))
        rc = store_engine_open(base, options, &store->engine, message, size);
    if (rc) {
        store_close(store);
        return rc;
    }
    store->max_slots = store->engine->ops->max_slots(store->engine);
    if (options->max_pages && options->max_pages < store->max_slots)
        store->max_slots = (uint32_t)options->max_pages;
    if (store->max_slots > INDEX_MAX_SLOTS)
        store->max_slots = INDEX_MAX_SLOTS;
    store->room = store->max_slots;
    *out = store;
    return 0;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    if (store->engine)
        store->engine->ops->close(store->engine);
    done_later_clear(&store->later);
    locked_free(store->slots, store->nr_slots * sizeof(*store->slots));
    free(store);
}

void store_remove(struct store *store)
{
    store->engine->ops->remove(store->engine);
}

uint64_t store_id(const struct store *store)
{
    return store->engine->ops->id ? store->engine->ops->id(store->engine) : 0;
}

uint64_t store_key_id(const struct store *store)
{
    return store->engine->ops->key_id ? store->engine->ops->key_id(store->engine) : 0;
}

static bool is_zero(const void *page)
{
    const char *bytes = page;

    return !bytes[0] && !memcmp(bytes, bytes + 1, PAGE_BYTES - 1);
}

/*
 * Bound to gfn and generation: a misplaced or outdated page does not pass for the right one. The
 * key is for programs in the guest, which could else make pages that are taken for others.
 */
static uint64_t checksum(const struct store *store, const void *page, const struct index_slot *slot)
{
    return XXH3_64bits_withSecret(page, PAGE_BYTES, store->checksum_key, INDEX_KEY_BYTES) ^
           ((uint64_t)slot->generation << 32 | slot->gfn);
}

static void add_free(struct store *store, uint32_t slot)
{
    store->slots[slot] = (struct index_slot){.gfn = store->first_free};
    store->first_free = slot;
}

static int grow(struct store *store)
{
    uint32_t left = store->nr_slots < store->max_slots ? store->max_slots - store->nr_slots : 0;
    uint32_t nr_slots = store->nr_slots + (left < GROW_SLOTS ? left : GROW_SLOTS);
    struct index_slot *slots;

    if (!left)
        return -ENOSPC;
    slots = index_grow_slots(store->index, store->slots, store->nr_slots, nr_slots);
    if (!slots)
        return -errno;
    store->slots = slots;
    for (uint32_t slot = nr_slots; slot-- > store->nr_slots;)
        add_free(store, slot);
    store->nr_slots = nr_slots;
    return 0;
}

int store_use_index(struct store *store, struct index *index)
{
    uint32_t nr = index_nr_slots(index);

    store->index = index;
    store->checksum_key = index_checksum_key(index);
    if (nr && !(store->slots = index_grow_slots(index, NULL, 0, nr)))
        return -ENOMEM;
    store->nr_slots = nr;
    store->is_to_adopt = nr > 0;
    return store->engine->ops->use_index ? store->engine->ops->use_index(store->engine, index) : 0;
}

bool store_has(const struct store *store, uint32_t slot, uint32_t gfn)
{
    return slot < store->nr_slots && store->slots[slot].generation && store->slots[slot].gfn == gfn;
}

void store_adopt(struct store *store, bool (*is_named)(void *arg, uint32_t slot, uint32_t gfn),
                 void *arg)
{
    store->is_to_adopt = false;
    for (uint32_t slot = store->nr_slots; slot-- > 0;) {
        const struct index_slot *record = &store->slots[slot];

        if (record->generation > store->generation)
            store->generation = record->generation;
        if (record->generation && is_named(arg, slot, record->gfn)) {
            store->nr_used++;
        } else {
            add_free(store, slot);
            store->engine->ops->release(store->engine, slot); /* there may be a page in it */
        }
    }
}

static int take_slot(struct store *store, uint32_t *slot)
{
    int rc = store->first_free == STORE_SLOT_NONE ? grow(store) : 0;

    if (rc)
        return rc;
    *slot = store->first_free;
    store->first_free = store->slots[*slot].gfn;
    store->nr_used++;
    return 0;
}

static void submit(struct store *store, struct store_io *io)
{
    if (io->error || io->slot == STORE_SLOT_ZERO)
        done_later(&store->later, io);
    else
        store->engine->ops->submit(store->engine, io);
}

static void describe_slot(struct store *store, struct store_io *io)
{
    struct index_slot *slot = &store->slots[io->slot];

    if (!++store->generation)
        store->generation = 1;
    slot->gfn = io->gfn;
    slot->generation = io->generation = store->generation;
    slot->checksum = checksum(store, io->page, slot);
}

static void write_to_new_slot(struct store *store, struct store_io *io)
{
    io->slot = STORE_SLOT_NONE;
    io->error = take_slot(store, &io->slot);
    if (!io->error)
        describe_slot(store, io);
    submit(store, io);
}

/* The slot is nobody's from now on. */
static void write_elsewhere(struct store_io *io)
{
    struct store *store = io->store;

    store->slots[io->slot] = (struct index_slot){0};
    store->nr_used--;
    write_to_new_slot(store, io);
}

/* There may be less space than slots: other files have a part of it, and more or less over time. */
static void learn_room(struct store *store, int error)
{
    if (store_was_full(error) && store->nr_used < store->room)
        store->room = store->nr_used;
    else if (!error && store->nr_used > store->room)
        store->room = store->max_slots;
}

static void page_out_done(struct store_io *io)
{
    if (io->error == STORE_ELSEWHERE) {
        write_elsewhere(io);
        return;
    }
    if (io->error && io->slot != STORE_SLOT_NONE) {
        store_free(io->store, io->slot);
        io->slot = STORE_SLOT_NONE;
    }
    learn_room(io->store, io->error);
    io->done(io);
}

static void page_in_done(struct store_io *io)
{
    if (!io->error && io->slot != STORE_SLOT_ZERO) {
        const struct index_slot *slot = &io->store->slots[io->slot];

        if (slot->gfn != io->gfn || checksum(io->store, io->page, slot) != slot->checksum)
            io->error = -EBADMSG;
    }
    io->done(io);
}

/* The slot has no page of zeros, as those are not kept. */
static bool is_in_its_slot(const struct store *store, const struct store_io *io)
{
    return io->slot != STORE_SLOT_NONE &&
           checksum(store, io->page, &store->slots[io->slot]) == store->slots[io->slot].checksum;
}

void store_page_out(struct store *store, struct store_io *io)
{
    assert(io->slot == STORE_SLOT_NONE || store_has(store, io->slot, io->gfn));
    io->store = store;
    io->urgency = STORE_PAGE_OUT;
    io->engine_done = page_out_done;
    io->error = 0;
    io->is_clean = is_in_its_slot(store, io);
    if (io->is_clean) {
        done_later(&store->later, io);
        return;
    }
    if (io->slot != STORE_SLOT_NONE)
        store_free(store, io->slot);
    io->slot = STORE_SLOT_ZERO;
    if (is_zero(io->page))
        submit(store, io);
    else
        write_to_new_slot(store, io);
}

void store_page_in(struct store *store, struct store_io *io, enum store_urgency urgency)
{
    io->store = store;
    io->urgency = urgency;
    io->engine_done = page_in_done;
    io->error = 0;
    if (io->slot == STORE_SLOT_ZERO)
        memset(io->page, 0, PAGE_BYTES);
    else
        io->generation = store->slots[io->slot].generation;
    submit(store, io);
}

void store_free(struct store *store, uint32_t slot)
{
    if (slot == STORE_SLOT_ZERO)
        return;
    assert(slot < store->nr_slots && store->slots[slot].generation);
    if (store->is_to_adopt) {
        store->slots[slot] = (struct index_slot){0}; /* as store_adopt() will see */
        return;
    }
    add_free(store, slot);
    store->nr_used--;
    store->engine->ops->release(store->engine, slot);
}

/* Some room is left: a slot that has to be found and taken back costs more than a free one. */
bool store_may_keep(const struct store *store, uint32_t slot)
{
    return slot != STORE_SLOT_ZERO && store->nr_used < store->room - store->room / 16 &&
           store_engine_is_outside(store->engine, slot);
}

uint64_t store_bytes(const struct store *store)
{
    return (uint64_t)store->nr_used * PAGE_BYTES;
}
