/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock: a hand goes round over all RAM, upwards; a page that was paged in since the hand was
 * last there is passed over once.
 */
#include "policy_order.h"

static void start(struct policy_cursor *cursor, uint32_t nr_gfns)
{
    cursor->gfn = nr_gfns - 1;
}

const struct policy_order policy_clock = {
    .name = "clock",
    .second_chance = 1,
    .start = start,
    .next = policy_step_up,
};
