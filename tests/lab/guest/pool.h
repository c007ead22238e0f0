/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages for a device under test to move: each has contents of its own, and a name by which they can
 * be checked wherever they have been moved to. They are a file in memory, so that the kernel can be
 * told to send them without anybody looking at them.
 */
#ifndef GUEST_POOL_H
#define GUEST_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "pattern.h"

struct pool {
    uint64_t pages;
    int fd; /* the file; page N of it is page N of the pool */
    uint64_t *words;
    struct page_id *ids;   /* what each page holds; whoever moves contents moves these along */
    const char *what;      /* the device, in reports */
    uint32_t last_version; /* the version says which contents it is: all differ */
};

/* Creates and fills it; lives as long as the program. 0, or a negative errno after reporting it. */
int pool_create(struct pool *pool, const char *what, uint64_t pages);

uint64_t *pool_page(const struct pool *pool, uint64_t page);

/* False, after reporting it, if the page does not hold what it should. */
bool pool_check(const struct pool *pool, uint64_t page);

/* Gives the page new contents. */
void pool_renew(struct pool *pool, uint64_t page);

/* A number below count, by lot. *random is the state, of any value at first. */
uint64_t pool_lot(uint64_t *random, uint64_t count);

#endif
