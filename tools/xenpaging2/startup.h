/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between startup.c, which knows the order of the steps, and startup_store.c, which has some. */
#ifndef XENPAGING2_STARTUP_H
#define XENPAGING2_STARTUP_H

#include "daemon.h"

/* Writes why it does not start, one line for the user, to d->message. Return rc; -ENOMEM. */
int startup_refuse(struct daemon *d, int rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int startup_no_memory(struct daemon *d);

/*
 * Steps, in their order: 0, or a negative errno with d->message written. What they opened is
 * closed by daemon_clean_up().
 */
int startup_name_store(struct daemon *d);
int startup_name_index(struct daemon *d);
int startup_find_what_was_left(struct daemon *d);
int startup_open_store(struct daemon *d);
int startup_open_index(struct daemon *d);

#endif
