/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The death of a pager at one of its calls: hypercalls of any kind, and writes to the store. They
 * are counted in a file that $SIM_KILL names, for all libraries and processes that share it; the
 * one at which it dies is there, too.
 */
#ifndef SIM_KILL_POINT_H
#define SIM_KILL_POINT_H

#include <stdbool.h>
#include <stdint.h>

enum kill_how {
    KILL_BEFORE, /* the call does not happen */
    KILL_PARTLY, /* half of a write does; a hypercall does */
    KILL_AFTER,  /* it does, and nobody hears of it */
    NR_KILL_HOWS
};

struct kill_plan {
    uint64_t nr_calls; /* so far */
    uint64_t at;       /* the call; 0: none */
    uint64_t again;    /* so many calls after that, the next one dies; 0: it does not */
    uint32_t repeat;   /* and so on */
    uint32_t nr_deaths;
    uint32_t how;
};

/* Whether there is a plan at all. */
bool kill_point_is_planned(void);

/* One more call: returns whether it is the one, and does not return if it is not to happen. */
bool kill_point_begin(enum kill_how *how);

/* It is over. */
_Noreturn void kill_point_die(void);

#endif
