/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slabs.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "locked_memory.h"
#include "page.h"

#define UNIT 64u
#define SLAB_BYTES 65536u
#define UNITS_PER_SLAB (SLAB_BYTES / UNIT)
#define NR_CLASSES (PAGE_BYTES / UNIT)
#define TABLE_STEP 512u
#define NO_UNIT UINT16_MAX
#define ENTRY_BYTES sizeof(void *) /* of the table */

struct slab {
    LIST_ENTRY(slab) link; /* with those of its class that have room, or with the empty ones */
    char *memory;          /* NULL if it is empty */
    uint32_t number;
    uint16_t units; /* of a block: its class */
    uint16_t nr_used;
    uint16_t first_free; /* a unit, whose first bytes say which is the next */
};

LIST_HEAD(slab_list, slab);

struct slabs {
    uint64_t limit, bytes;
    struct slab **table;
    uint32_t nr_slabs, table_size;
    struct slab_list empty, with_room[NR_CLASSES];
};

struct slabs *slabs_create(uint64_t limit)
{
    struct slabs *slabs = calloc(1, sizeof(*slabs));

    if (!slabs)
        return NULL;
    slabs->limit = limit;
    slabs->bytes = sizeof(*slabs);
    return slabs;
}

void slabs_destroy(struct slabs *slabs)
{
    if (!slabs)
        return;
    for (uint32_t i = 0; i < slabs->nr_slabs; i++) {
        locked_free(slabs->table[i]->memory, SLAB_BYTES);
        free(slabs->table[i]);
    }
    locked_free(slabs->table, slabs->table_size * ENTRY_BYTES);
    free(slabs);
}

int slabs_charge(struct slabs *slabs, size_t bytes)
{
    if (bytes > slabs->limit - slabs->bytes)
        return -ENOSPC;
    slabs->bytes += bytes;
    return 0;
}

void slabs_uncharge(struct slabs *slabs, size_t bytes)
{
    slabs->bytes -= bytes;
}

uint64_t slabs_bytes(const struct slabs *slabs)
{
    return slabs->bytes;
}

static uint16_t *next_free(const struct slab *slab, uint16_t unit)
{
    return (uint16_t *)(void *)(slab->memory + unit * UNIT);
}

static int grow_table(struct slabs *slabs)
{
    const size_t size = slabs->table_size * ENTRY_BYTES;
    const size_t step = TABLE_STEP * ENTRY_BYTES;
    struct slab **table;

    if (slabs_charge(slabs, step))
        return -ENOSPC;
    table = locked_grow(slabs->table, size, size + step);
    if (!table) {
        slabs_uncharge(slabs, step);
        return -ENOMEM;
    }
    slabs->table = table;
    slabs->table_size += TABLE_STEP;
    return 0;
}

/* One more, without memory. */
static int add_slab(struct slabs *slabs)
{
    int rc = slabs->nr_slabs == slabs->table_size ? grow_table(slabs) : 0;
    struct slab *slab;

    if (rc || (rc = slabs_charge(slabs, sizeof(*slab))))
        return rc;
    slab = calloc(1, sizeof(*slab));
    if (!slab) {
        slabs_uncharge(slabs, sizeof(*slab));
        return -ENOMEM;
    }
    slab->number = slabs->nr_slabs;
    slabs->table[slabs->nr_slabs++] = slab;
    LIST_INSERT_HEAD(&slabs->empty, slab, link);
    return 0;
}

static void cut(struct slab *slab, uint16_t units)
{
    slab->units = units;
    slab->nr_used = 0;
    slab->first_free = NO_UNIT;
    for (unsigned int unit = UNITS_PER_SLAB / units * units; unit; unit -= units) {
        uint16_t first = (uint16_t)(unit - units);

        *next_free(slab, first) = slab->first_free;
        slab->first_free = first;
    }
}

static int fill_slab(struct slabs *slabs, uint16_t units)
{
    int rc = LIST_EMPTY(&slabs->empty) ? add_slab(slabs) : 0;
    struct slab *slab;

    if (rc || (rc = slabs_charge(slabs, SLAB_BYTES)))
        return rc;
    slab = LIST_FIRST(&slabs->empty);
    slab->memory = locked_alloc(SLAB_BYTES);
    if (!slab->memory) {
        slabs_uncharge(slabs, SLAB_BYTES);
        return -ENOMEM;
    }
    cut(slab, units);
    LIST_REMOVE(slab, link);
    LIST_INSERT_HEAD(&slabs->with_room[units - 1], slab, link);
    return 0;
}

int slabs_alloc(struct slabs *slabs, size_t bytes, uint32_t *block)
{
    const uint16_t units = (uint16_t)((bytes + UNIT - 1) / UNIT);
    struct slab_list *list = &slabs->with_room[units - 1];
    int rc = LIST_EMPTY(list) ? fill_slab(slabs, units) : 0;
    struct slab *slab;

    if (rc)
        return rc;
    slab = LIST_FIRST(list);
    *block = slab->number * UNITS_PER_SLAB + slab->first_free;
    slab->first_free = *next_free(slab, slab->first_free);
    slab->nr_used++;
    if (slab->first_free == NO_UNIT)
        LIST_REMOVE(slab, link);
    return 0;
}

static struct slab *slab_of(const struct slabs *slabs, uint32_t block)
{
    assert(block / UNITS_PER_SLAB < slabs->nr_slabs);
    return slabs->table[block / UNITS_PER_SLAB];
}

static void become_empty(struct slabs *slabs, struct slab *slab)
{
    locked_free(slab->memory, SLAB_BYTES);
    slab->memory = NULL;
    slabs_uncharge(slabs, SLAB_BYTES);
    LIST_REMOVE(slab, link);
    LIST_INSERT_HEAD(&slabs->empty, slab, link);
}

void slabs_free(struct slabs *slabs, uint32_t block)
{
    struct slab *slab = slab_of(slabs, block);
    uint16_t unit = block % UNITS_PER_SLAB;
    bool was_full = slab->first_free == NO_UNIT;

    assert(slab->nr_used && unit % slab->units == 0);
    *next_free(slab, unit) = slab->first_free;
    slab->first_free = unit;
    slab->nr_used--;
    if (was_full)
        LIST_INSERT_HEAD(&slabs->with_room[slab->units - 1], slab, link);
    if (!slab->nr_used)
        become_empty(slabs, slab);
}

void *slabs_at(const struct slabs *slabs, uint32_t block)
{
    return slab_of(slabs, block)->memory + block % UNITS_PER_SLAB * UNIT;
}

size_t slabs_size(const struct slabs *slabs, uint32_t block)
{
    return slab_of(slabs, block)->units * UNIT;
}
