/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the project's code waits: for its threads, and for a time. */
#ifndef UNIT_WAITING_H
#define UNIT_WAITING_H

#include <stdint.h>

/* Called before a thread is waited for; NULL: nothing is. */
extern void (*before_join)(void);

/* For how long usleep() was asked to sleep in this process so far. */
uint64_t waited_us(void);

#endif
