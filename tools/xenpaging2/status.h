/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the toolstack can read of us, below /libxl/<domid>/paging: state, error, status/...
 * The numbers are written at most once in a second, and only those that changed.
 */
#ifndef XENPAGING2_STATUS_H
#define XENPAGING2_STATUS_H

#include <stdint.h>
#include <sys/types.h>

struct event_base;
struct status;
struct xenstore;

/* The numbers of status/, named as their nodes. Memory in KiB unless it says bytes. */
struct status_values {
    uint64_t resident;
    uint64_t paged;
    uint64_t target;
    uint64_t page_ins;
    uint64_t page_outs;
    uint64_t clean;
    uint64_t refaults;
    uint64_t drops;
    uint64_t lost;
    uint64_t prefetched;
    uint64_t useful;
    uint64_t retries;
    uint64_t parked;
    uint64_t store_bytes;
};

typedef void status_fill_fn(void *arg, struct status_values *values);

/* fill(arg, ...) is called when numbers are to be written. NULL with errno ENOMEM. */
struct status *status_create(struct event_base *base, struct xenstore *xs, uint32_t domid,
                             status_fill_fn *fill, void *arg);

/* Takes NULL. */
void status_destroy(struct status *status);

/* Something changed; it is going to be written within a second. Cheap. */
void status_touch(struct status *status);

/* Writes the numbers now. */
void status_flush(struct status *status);

/* One of "running", "draining", "stopped", "failed". */
void status_set_state(struct status *status, const char *state);

/* The process that the toolstack looks for, if it does so at all: the node is the toolstack's. */
void status_set_process(struct status *status, pid_t pid);

/* The reason of a failure; NULL takes the node away. */
void status_set_error(struct status *status, const char *error);

#endif
