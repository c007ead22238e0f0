/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which gfn is to be paged out next.
 *
 * A policy proposes gfns in its own order; what all policies have in common is here: gfns outside
 * of the guest's RAM are passed over in strides, a gfn that was just paged in gets a second
 * chance, one that was paged in for a program of dom0 goes out before others, and one that could
 * not be paged out is left alone for a while. Policies do no I/O and make no hypercalls. 2 bytes
 * per gfn and 1 bit per 512 gfns; the former take memory from policy_make_room() on.
 */
#ifndef XENPAGING2_POLICY_H
#define XENPAGING2_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* What became of a gfn, as told to policy_note(). */
enum policy_event {
    POLICY_PAGED_IN,   /* somebody needed it: it is warm */
    POLICY_ASKED_FOR,  /* a program of dom0 did, and will ask again: leave it for 0.1 s, then first
                        */
    POLICY_BUSY,       /* in use at this moment: try again in 2 s or so */
    POLICY_TAKEN_BACK, /* used on its way out: both of these */
    POLICY_UNPAGEABLE  /* not pageable for a reason that seldom goes away: in 60 s or so */
};

/* Gfns are taken for RAM or for a hole in regions of this many. */
#define POLICY_REGION_GFNS 512u

struct policy;

/*
 * Creates the policy called name for the gfns 0 to nr_gfns - 1; no region is RAM yet.
 * Returns NULL with errno EINVAL for an unknown name, or ENOMEM. Free with policy_destroy().
 */
struct policy *policy_create(const char *name, uint32_t nr_gfns);

/* Takes NULL. */
void policy_destroy(struct policy *policy);

/* Makes room for more gfns. Returns 0 or -ENOMEM with the policy unchanged. */
int policy_grow(struct policy *policy, uint32_t nr_gfns);

/* Before policy_note() of a gfn or of others in its part of PART_GFNS. Returns 0 or -ENOMEM. */
int policy_make_room(struct policy *policy, uint32_t gfn);

/* The names policy_create() takes, as "clock, random, sweep". */
const char *policy_names(void);
bool policy_is_known(const char *name);

/* The number of regions that nr_gfns gfns make. */
uint32_t policy_nr_regions(uint32_t nr_gfns);

/* Says that there is RAM in the region that starts at gfn region * POLICY_REGION_GFNS. */
void policy_add_ram(struct policy *policy, uint32_t region);

/*
 * Chooses a gfn. now_ms is clock_ms(). Gives up after a bounded search (returns false), so that
 * the caller can see to other things and ask again.
 */
bool policy_next(struct policy *policy, int64_t now_ms, uint32_t *gfn);

/* True once after each complete pass over the RAM: a good time to look for new RAM. */
bool policy_passed(struct policy *policy);

void policy_note(struct policy *policy, uint32_t gfn, enum policy_event event, int64_t now_ms);

#endif
