/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A few threads that carry out blocking I/O for the event loop, the most urgent first.
 */
#ifndef XENPAGING2_IO_THREADS_H
#define XENPAGING2_IO_THREADS_H

#include "store.h"

struct event_base;
struct io_threads;

#define IO_THREADS_TOGETHER 16

/*
 * Does the I/O of one operation, or of up to IO_THREADS_TOGETHER page-outs, or as many fetches, in
 * a thread, and sets the io->error of each to 0 or a negative errno.
 */
typedef void io_threads_fn(void *arg, struct store_io **ios, unsigned int nr);

/*
 * Starts nr_threads threads that call fn(arg, ios, nr); io->engine_done() is called from the loop
 * of base for each. Writes never have all threads, if there are several: a read does not wait for
 * them. Returns 0 or a negative errno.
 */
int io_threads_create(struct event_base *base, unsigned int nr_threads, io_threads_fn *fn,
                      void *arg, struct io_threads **threads);

/*
 * Queues an operation. Page-outs and fetches are begun when there are IO_THREADS_TOGETHER of them
 * or the loop has nothing else to do, so that they can be done together.
 */
void io_threads_submit(struct io_threads *threads, struct store_io *io);

/* Finishes what has been started, forgets the rest, and ends the threads. Takes NULL. */
void io_threads_destroy(struct io_threads *threads);

#endif
