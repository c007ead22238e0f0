/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a pager takes itself of a page-in: from the moment at which the request is there and the
 * pager runs, until it tells Xen of the answer, less the time for which it waits for the simulated
 * host. Kept in a file that $SIM_OWN_TIME names, for one page-in at a time; and all such waits.
 */
#ifndef SIM_OWN_TIME_H
#define SIM_OWN_TIME_H

#include <stdint.h>
#include <time.h>

/* In ns of CLOCK_MONOTONIC. Who asks sets all of it but the last, and asked_ns at the end. */
struct own_time {
    uint64_t asked_ns;      /* 0: nobody waits */
    uint64_t begun_ns;      /* when it was asked, or when the pager woke up for it */
    uint64_t waited_ns;     /* for the host, since then */
    uint64_t answered_ns;   /* 0: not yet */
    uint64_t all_waited_ns; /* for the host, since the pager began */
};

static inline uint64_t own_time_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Around each call to the host: the second gets what the first has returned. */
uint64_t own_time_call(void);
void own_time_called(uint64_t start_ns);

/* The pager, which went to sleep then, wakes up. */
void own_time_woke(uint64_t start_ns);

/* The pager is about to tell Xen. */
void own_time_answered(void);

#endif
