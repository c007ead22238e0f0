/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gfns that could not go out because somebody holds their frames, kept for the moment at which they
 * are let go.
 *
 * Xen tells of that moment by a notification of the event channel (the doorbell), and names no gfn:
 * all of them are gone through once then. A gfn that was parked a short time ago is left out: a
 * program that maps the same pages over and over would find them on their way out each time.
 * Makes no hypercalls, and forgets nothing that the policy does not bring back in time.
 */
#ifndef XENPAGING2_PARKED_H
#define XENPAGING2_PARKED_H

#include <stdbool.h>
#include <stdint.h>

/* What is more than this is not parked. */
#define PARKED_MAX 1024

struct parked;

/* Returns NULL with errno ENOMEM. */
struct parked *parked_create(void);

/* Takes NULL. */
void parked_destroy(struct parked *parked);

unsigned int parked_nr(const struct parked *parked);

/* A gfn that is parked already keeps its time. now_ms is clock_ms(), here and below. */
void parked_add(struct parked *parked, uint32_t gfn, int64_t now_ms);

/* Does nothing if it is not parked. */
void parked_remove(struct parked *parked, uint32_t gfn);

/*
 * The doorbell rang, for sure, or perhaps: a notification that brought a request may have been for
 * both. If in doubt, going through the gfns again has more time.
 */
void parked_ring(struct parked *parked, bool sure, int64_t now_ms);

/* In how many ms parked_next() will have something to look at; -1: not before the next ring. */
int64_t parked_due_in(const struct parked *parked, int64_t now_ms);

/* The next gfn to be tried, each once for a ring. Returns false if there is none now. */
bool parked_next(struct parked *parked, int64_t now_ms, uint32_t *gfn);

#endif
