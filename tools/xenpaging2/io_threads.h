/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few threads that carry out blocking I/O for the event loop, the most urgent first.
 */
#ifndef XENPAGING2_IO_THREADS_H
#define XENPAGING2_IO_THREADS_H

#include "store.h"

struct event_base;
struct io_threads;

/* Does the I/O of one operation, in a thread. Returns 0 or a negative errno. */
typedef int io_threads_fn(void *arg, const struct store_io *io);

/*
 * Starts nr_threads threads that call fn(arg, io); io->engine_done() is called from the loop of
 * base with io->error set. Returns 0 or a negative errno.
 */
int io_threads_create(struct event_base *base, unsigned int nr_threads, io_threads_fn *fn,
                      void *arg, struct io_threads **threads);

/* Queues an operation. */
void io_threads_submit(struct io_threads *threads, struct store_io *io);

/* Finishes what has been started, forgets the rest, and ends the threads. Takes NULL. */
void io_threads_destroy(struct io_threads *threads);

#endif
