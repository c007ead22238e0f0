/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the pager that came before this one: upwards from the middle, over and over, with
 * no regard to what was paged in.
 */
#include "policy_order.h"

static void start(struct policy_cursor *cursor, uint32_t nr_gfns)
{
    cursor->gfn = nr_gfns / 2;
}

const struct policy_order policy_sweep = {
    .name = "sweep",
    .second_chance = 0,
    .start = start,
    .next = policy_step_up,
};
