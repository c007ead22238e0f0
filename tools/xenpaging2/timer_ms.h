/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XENPAGING2_TIMER_MS_H
#define XENPAGING2_TIMER_MS_H

#include <event2/event.h>
#include <stdint.h>
#include <sys/time.h>

/* Has the event come in so many milliseconds, in place of when it was to come before. */
static inline void timer_add_ms(struct event *event, int64_t ms)
{
    const struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    event_add(event, &delay);
}

#endif
