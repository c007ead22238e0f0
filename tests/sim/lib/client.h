/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A handle of one of the libraries: a connection to the simulated host. Calls may come from
 * threads. */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

struct sim_handle {
    int fd;
    int received; /* the descriptor that came with the last reply, or -1 */
    int memory;   /* the machine's memory, once it was asked for, or -1 */
    char *shared; /* SIM_SHARED_BYTES, once they were asked for, or NULL */
    size_t shared_end;
    pthread_mutex_t lock;
};

/* Returns NULL with errno if there is no simulated host. */
struct sim_handle *sim_open(void);

/* Takes NULL. */
void sim_close(struct sim_handle *handle);

/*
 * Sends a request with its payload and waits for the reply, whose payload of at most size bytes
 * goes to reply. Returns the reply's rc if that is not negative, else -1 with errno.
 */
int64_t sim_call(struct sim_handle *handle, struct sim_request request, const void *payload,
                 void *reply, size_t size);

/*
 * Sends up to SIM_MANY requests at once, with their payloads, and then waits for the replies, which
 * must have none: each rc is what the host has returned.
 */
#define SIM_MANY 64
void sim_call_many(struct sim_handle *handle, const struct sim_request *requests,
                   const void *const *payloads, int64_t *rcs, size_t nr);

/* The same as sim_call() for requests without any payload. */
int64_t sim_simple(struct sim_handle *handle, enum sim_op op, uint32_t domid, uint64_t gfn);

/*
 * Pages that the host sees, too. NULL if there are no more. Only what was allocated last is used
 * again when it is freed.
 */
void *sim_alloc_shared(struct sim_handle *handle, size_t nr);
void sim_free_shared(struct sim_handle *handle, void *pages, size_t nr);
bool sim_is_shared(const struct sim_handle *handle, const void *page);

/* One more, for the nth page of a batch that is not among them. */
void *sim_copy_of(struct sim_handle *handle, size_t n);

/* With the handle. */
void sim_close_shared(struct sim_handle *handle);

/*
 * Maps frames of a domain. errors[] gets a negative errno for each that could not be mapped; like
 * the real library, waits for pages that are out. Returns NULL with errno if nothing can be done.
 */
void *sim_map(struct sim_handle *handle, uint32_t domid, int protection, size_t nr,
              const uint64_t *gfns, int *errors);

/* Maps one frame at a place, and does not wait. Returns 0 or a negative errno. */
int sim_map_one(struct sim_handle *handle, uint32_t domid, int protection, uint64_t gfn, void *at);

/* Maps the frame of a domain's grant table; to be undone by munmap(). Returns NULL with errno. */
void *sim_map_grant_table(struct sim_handle *handle, uint32_t domid, int protection);

/* Undoes the first two. Returns 0, or -1 with errno if nothing of this library's is mapped there.
 */
int sim_unmap(void *at);

#endif
