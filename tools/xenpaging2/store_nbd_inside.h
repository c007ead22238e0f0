/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What store_nbd.c and nbd_connection.c share: the operations and the connections they go over. */
#ifndef XENPAGING2_STORE_NBD_INSIDE_H
#define XENPAGING2_STORE_NBD_INSIDE_H

#include <libnbd.h>

#include "done_later.h"
#include "holes.h"
#include "io_list.h"
#include "io_threads.h"
#include "slot_set.h"
#include "store_engine.h"

/* Under way on one connection. Some servers work on 16, of which reads are to find some free. */
#define MAX_READS 32u
#define MAX_WRITES 8u
#define CONNECT_MS 10000

/* An operation that was sent. */
struct sent {
    struct connection *connection;
    struct store_io *io; /* NULL: free */
};

enum state { AWAY, CONNECTING, READY };

struct connection {
    struct nbd_engine *owner;
    struct nbd_handle *nbd;
    struct attempt { /* the beginning of a connection, in a thread */
        struct store_io io;
        struct nbd_handle *nbd;
        char error[256];
    } attempt;
    enum state state;
    struct event *socket;
    int fd; /* that the event is for, and what it waits for; 0: it is not added */
    short waits_for;
    struct event *timer; /* to connect again; while CONNECTING, to give that up */
    int retry_ms;
    unsigned int nr_reads, nr_writes;
    struct io_list failed; /* by the server, or with the connection: it shows a little later */
    struct sent sent[MAX_READS + MAX_WRITES];
};

struct nbd_engine {
    struct store_engine engine;
    struct done_later later;
    struct holes *holes;
    struct slot_set doubtful; /* a write to them, or a hole there, may yet be done: see doubt() */
    struct slot_set open;     /* these, and where one has no answer yet: for who takes over */
    struct io_threads *looking_up; /* one thread, in which names are looked up */
    struct event *check;           /* what became of the connections that something was sent on */
    struct io_list queues[NR_STORE_URGENCIES];
    char *uri;
    int64_t size; /* bytes */
    unsigned int nr_ready, nr_connections;
    struct connection connections[];
};

/* store_nbd.c: sends what waits, as far as connections take it. */
void nbd_engine_send_queued(struct nbd_engine *n);

/* store_nbd.c: an operation that was sent is with us again. */
struct store_io *nbd_engine_take_back(struct sent *sent);

/* store_nbd.c: an operation has its answer. */
void nbd_engine_settle(struct nbd_engine *n, const struct store_io *io);

/* store_nbd.c: how many slots it is about, from io->slot on. */
uint32_t nbd_engine_nr_slots(const struct store_io *io);

/* One more, which is AWAY. Returns 0 or -ENOMEM; connection_destroy() in either case. */
int connection_create(struct nbd_engine *n, struct event_base *base);
void connection_destroy(struct connection *c);

/* A handle that is on its way to be connected, or NULL: then libnbd has the error. Names are
 * looked up, which takes as long as it takes. */
struct nbd_handle *connection_new_handle(const struct nbd_engine *n);

/* Fits io_threads_fn: begins to connect, for connection_begin(). arg is the engine. */
void connection_begin_in_thread(void *arg, struct store_io **ios, unsigned int nr);

/* Begins to connect. */
void connection_begin(struct connection *c);

/* After each call to libnbd: what has become of the connection? */
void connection_look_at(struct connection *c);

/* Ends it and tries again a little later. What was under way on it is queued again. */
void connection_lose(struct connection *c, const char *why);

/* Why an export that is connected cannot be used; NULL if it can. */
const char *connection_what_is_wrong(struct nbd_engine *n, struct nbd_handle *nbd);

#endif
