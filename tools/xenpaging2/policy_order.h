/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one policy is: an order of gfns. For policy.c and the policy_*.c files only.
 */
#ifndef XENPAGING2_POLICY_ORDER_H
#define XENPAGING2_POLICY_ORDER_H

#include <stdint.h>

/* The state of an order. A new policy that needs more adds its own member. */
struct policy_cursor {
    uint32_t gfn;
    uint64_t random;
};

struct policy_order {
    const char *name;

    /* A second chance costs the guest nothing but our time; the old order had none. */
    int second_chance;

    /* Sets the start of the order. */
    void (*start)(struct policy_cursor *cursor, uint32_t nr_gfns);

    /*
     * Moves to the next gfn that is below nr_gfns and not in a region without RAM. ram has a bit
     * per region. Returns 1 if the order began anew, 0 if not, -1 if there is no RAM.
     */
    int (*next)(struct policy_cursor *cursor, uint32_t nr_gfns, const uint64_t *ram);
};

extern const struct policy_order policy_clock, policy_random, policy_sweep;

/* The first region from first below end whose bit is set in ram, or end. */
uint32_t policy_find_region(const uint64_t *ram, uint32_t first, uint32_t end);

/* Steps to the next gfn upwards, over the regions without RAM, back to 0 at the end. */
int policy_step_up(struct policy_cursor *cursor, uint32_t nr_gfns, const uint64_t *ram);

#endif
