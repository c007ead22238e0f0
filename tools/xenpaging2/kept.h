/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Slots of pages that are in memory: a page that has not changed until it goes out again need not
 * be written again. They go to others as soon as the store is full without that.
 */
#ifndef XENPAGING2_KEPT_H
#define XENPAGING2_KEPT_H

#include <stdbool.h>
#include <stdint.h>

struct pages;
struct store;

/* The gfn is RESIDENT, and was read from the slot or copied to it: it keeps it, or it is free. */
void kept_or_free(struct pages *pages, struct store *store, uint32_t gfn, uint32_t slot);

/*
 * Gives one slot back that is kept, to make room; or has looked for one, as long as a fault may
 * wait for that. False if there is none, so that it makes no sense to try again.
 */
bool kept_make_room(struct pages *pages, struct store *store);

#endif
