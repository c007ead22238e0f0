/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A clock that only goes on when an event loop has nothing else to do, and then at once to its
 * next timer. Minutes of waiting take no time, and happen in the same way each time.
 */
#ifndef UNIT_FAKE_TIME_H
#define UNIT_FAKE_TIME_H

#include <stdint.h>

/* Until the end, the monotonic clocks of the process and its epoll_wait() are ours. */
void fake_time_begin(void);
void fake_time_end(void);

/* What clock_ms() says. */
int64_t fake_time_ms(void);
void fake_time_pass(int64_t ms);

#endif
