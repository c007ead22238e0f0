/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XENPAGING2_SMALL_THREAD_H
#define XENPAGING2_SMALL_THREAD_H

#include <pthread.h>

/*
 * Starts a thread with a small stack, because all our memory is locked, and with all signals
 * blocked, because the event loop handles them. Returns 0 or a negative errno.
 */
int small_thread_create(pthread_t *thread, void *(*main)(void *arg), void *arg);

#endif
