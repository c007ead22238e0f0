/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore, without ever waiting for it: a thread of its own talks to xenstored, watches come into
 * the event loop as callbacks, values to be written are queued. Only before xenstore_start() is
 * reading done directly.
 */
#ifndef XENPAGING2_XENSTORE_H
#define XENPAGING2_XENSTORE_H

#include <stddef.h>

struct event_base;
struct xenstore;

/*
 * Connects. guard is the path of a node, kept and not copied, without which nothing is written.
 * On failure message (size bytes) has one line for the user.
 */
int xenstore_open(const char *guard, struct xenstore **xs, char *message, size_t size);

/* Writes what is queued, waiting up to 2,000 ms for that, and disconnects. Takes NULL. */
void xenstore_close(struct xenstore *xs);

/* The value of a node, to be freed by the caller; NULL with errno, ENOENT if there is none. */
char *xenstore_read(struct xenstore *xs, const char *path);

/*
 * A watch: fn is called from the event loop, once at first and then whenever the node changes,
 * with its value (valid during the call; NULL if there is none). A special watch ("@...") has no
 * value. Call it before xenstore_start(); path is kept, not copied. At most 4.
 */
typedef void xenstore_watch_fn(void *arg, const char *value);
int xenstore_watch(struct xenstore *xs, const char *path, xenstore_watch_fn *fn, void *arg);

/* Writes what is queued, and waits for it. Without a thread, before xenstore_start(). */
void xenstore_flush(struct xenstore *xs);

/* Starts the thread. Returns 0 or a negative errno. */
int xenstore_start(struct xenstore *xs, struct event_base *base);

/*
 * Queues a value for a node, or with NULL its removal. A value that is queued for the same node
 * and not written yet is replaced. Failure is logged, not returned.
 */
void xenstore_write(struct xenstore *xs, const char *path, const char *value);

/* Likewise, but only if there is such a node by then. */
void xenstore_replace(struct xenstore *xs, const char *path, const char *value);

#endif
