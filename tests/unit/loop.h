/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event loops as the daemon has them, and bounded ways to let them run. */
#ifndef UNIT_LOOP_H
#define UNIT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;

struct event_base *loop_create(void);

/* Runs the loop until done(arg), which must come true before 60,000 ms have passed. */
void loop_until(struct event_base *base, bool (*done)(void *arg), void *arg);

/* Runs all that is active, and what that activates. Waits for nothing. */
void loop_settle(struct event_base *base);

/* Runs the loop for a time. */
void loop_for(struct event_base *base, int64_t ms);

#endif
