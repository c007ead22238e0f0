/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XENPAGING2_CLOCK_MS_H
#define XENPAGING2_CLOCK_MS_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that never goes back and starts at no particular time. */
static inline int64_t clock_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

#endif
