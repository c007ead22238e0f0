/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which gfns eviction tries next: first the parked ones whose holders may have let them go, then
 * what the policy proposes, as far as they are in memory; and what becomes of those that were
 * tried. Looks for new RAM in passing. Takes nothing from the guest.
 */
#ifndef XENPAGING2_CANDIDATES_H
#define XENPAGING2_CANDIDATES_H

#include <stdbool.h>
#include <stdint.h>

struct candidates;
struct pages;
struct policy;
struct xen_ops;

/* What the search works with; all outlive it. */
struct candidates_env {
    struct xen_ops *ops;
    struct pages *pages;
    struct policy *policy;

    void *arg;
    void (*new_pass)(void *arg); /* a good time to let pages and policy grow with the guest */
};

/* Returns NULL with errno ENOMEM. */
struct candidates *candidates_create(const struct candidates_env *env);

/* Takes NULL. */
void candidates_destroy(struct candidates *candidates);

/* A gfn that was let go, if it is time to try these. now_ms is clock_ms(), here and below. */
bool candidates_next_parked(struct candidates *candidates, int64_t now_ms, uint32_t *gfn);

/* A gfn of the policy's, for which there is room (pages_has_room()) from now on. Returns false if a
 * bounded search finds none. */
bool candidates_next(struct candidates *candidates, int64_t now_ms, uint32_t *gfn);

/*
 * After each bounded search: the guest may have more RAM than it had. Returns true if a pass over
 * all of it has come to its end.
 */
bool candidates_look_for_ram(struct candidates *candidates);

/* What became of a gfn: it left the guest, or stays for one of three reasons. */
void candidates_nominated(struct candidates *candidates, uint32_t gfn);
void candidates_in_use(struct candidates *candidates, uint32_t gfn, int64_t now_ms);
void candidates_unpageable(struct candidates *candidates, uint32_t gfn, int64_t now_ms);
void candidates_taken_back(struct candidates *candidates, uint32_t gfn, int64_t now_ms);

/* See parked.h. */
void candidates_ring(struct candidates *candidates, bool sure, int64_t now_ms);
int64_t candidates_parked_due_in(const struct candidates *candidates, int64_t now_ms);
unsigned int candidates_nr_parked(const struct candidates *candidates);

#endif
