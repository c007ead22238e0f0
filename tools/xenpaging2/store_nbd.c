/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store engine for an NBD server: how pages leave the machine.
 *
 * All is done by libnbd's asynchronous calls in our event loop, over several connections if the
 * server says that they see each other's writes. Operations that the server answers with an error
 * fail with it. Those that it does not answer, because it is away, wait: each connection that is
 * lost is made anew, and what was under way on it is sent again, over whichever is there. So
 * eviction stops by itself as long as no write is answered, and only the pages over there are late.
 */
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <libnbd.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock_ms.h"
#include "done_later.h"
#include "holes.h"
#include "io_list.h"
#include "log.h"
#include "one_line.h"
#include "page.h"
#include "priorities.h"
#include "store_engine.h"

/* Under way on one connection. Some servers work on 16, of which reads are to find some free. */
#define MAX_READS 32u
#define MAX_WRITES 8u
#define CONNECT_MS 10000
#define FIRST_RETRY_MS 100
#define LAST_RETRY_MS 10000
#define SILENCE_S 30 /* after which a machine that does not even acknowledge is given up */

/* An operation that was sent. */
struct sent {
    struct connection *connection;
    struct store_io *io; /* NULL: free */
};

enum state { AWAY, CONNECTING, READY };

struct connection {
    struct nbd_engine *owner;
    struct nbd_handle *nbd;
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
    struct event *check; /* what became of the connections that something was sent on */
    struct io_list queues[NR_STORE_URGENCIES];
    char *uri;
    int64_t size; /* bytes */
    unsigned int nr_ready, nr_connections;
    struct connection connections[];
};

static void lose(struct connection *c, const char *why);

static bool is_read(const struct store_io *io)
{
    return io->urgency < STORE_PAGE_OUT;
}

/* --- One operation. --- */

static struct sent *free_sent(struct connection *c)
{
    for (unsigned int i = 0; i < MAX_READS + MAX_WRITES; i++)
        if (!c->sent[i].io)
            return &c->sent[i];
    abort(); /* there are no more under way than that */
}

static struct store_io *take_back(struct sent *sent)
{
    struct store_io *io = sent->io;

    *(is_read(io) ? &sent->connection->nr_reads : &sent->connection->nr_writes) -= 1;
    sent->io = NULL;
    return io;
}

/* Called by libnbd, which must not be called from here, within any of our calls to it. */
static int answered(void *arg, int *error)
{
    struct sent *sent = arg;
    struct connection *c = sent->connection;
    struct store_io *io = take_back(sent);

    io->error = -*error;
    if (*error)
        STAILQ_INSERT_TAIL(&c->failed, io, link);
    else
        done_later(&c->owner->later, io);
    event_active(c->owner->check, EV_TIMEOUT, 0);
    return 1;
}

static int64_t send_one(struct connection *c, struct sent *sent)
{
    const nbd_completion_callback done = {.callback = answered, .user_data = sent};
    struct store_io *io = sent->io;
    const uint64_t offset = (uint64_t)io->slot * PAGE_BYTES;

    if (is_read(io))
        return nbd_aio_pread(c->nbd, io->page, PAGE_BYTES, offset, done, 0);
    if (io->urgency == STORE_PAGE_OUT)
        return nbd_aio_pwrite(c->nbd, io->page, PAGE_BYTES, offset, done, 0);
    return nbd_aio_zero(c->nbd, (uint64_t)((struct hole *)io)->nr * PAGE_BYTES, offset, done, 0);
}

/* What cannot even be sent is sent over another one. */
static void send_on(struct connection *c, struct store_io *io)
{
    struct sent *sent = free_sent(c);

    sent->connection = c;
    sent->io = io;
    *(is_read(io) ? &c->nr_reads : &c->nr_writes) += 1;
    if (send_one(c, sent) < 0)
        lose(c, "it takes no more requests");
    event_active(c->owner->check, EV_TIMEOUT, 0);
}

/* The one with the least to do that takes such an operation; NULL: none does now. */
static struct connection *connection_for(struct nbd_engine *n, bool read)
{
    struct connection *best = NULL;

    for (unsigned int i = 0; i < n->nr_connections; i++) {
        struct connection *c = &n->connections[i];

        if (c->state != READY || (read ? c->nr_reads >= MAX_READS : c->nr_writes >= MAX_WRITES))
            continue;
        if (!best || c->nr_reads + c->nr_writes < best->nr_reads + best->nr_writes)
            best = c;
    }
    return best;
}

static void cannot(struct nbd_engine *n, struct store_io *io)
{
    io->error = -EOPNOTSUPP;
    done_later(&n->later, io);
}

static void send_queued(struct nbd_engine *n)
{
    for (int i = 0; i < NR_STORE_URGENCIES; i++) {
        struct connection *c;

        while (!STAILQ_EMPTY(&n->queues[i]) && (c = connection_for(n, i < STORE_PAGE_OUT))) {
            struct store_io *io = io_list_take(&n->queues[i]);

            if (i == STORE_HOLE && nbd_can_zero(c->nbd) != 1)
                cannot(n, io);
            else
                send_on(c, io);
        }
    }
}

static void begin(void *arg, struct store_io *io)
{
    struct nbd_engine *n = arg;

    STAILQ_INSERT_TAIL(&n->queues[io->urgency], io, link);
    send_queued(n);
}

/* --- Connections that come and go. --- */

static void wait_ms(struct connection *c, int ms)
{
    const struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    event_add(c->timer, &delay);
}

/* A server whose machine is gone does not close anything. There are none of these over Unix. */
static void notice_silence(int fd)
{
    const int on = 1, probe_s = SILENCE_S / 3, nr_probes = 2, silence_ms = SILENCE_S * 1000;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &probe_s, sizeof(probe_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_s, sizeof(probe_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &nr_probes, sizeof(nr_probes));
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_ms, sizeof(silence_ms));
}

static struct nbd_handle *create_handle(const struct nbd_engine *n)
{
    struct nbd_handle *nbd = nbd_create();

    /* The keys of TLS are in files, which the URI names. */
    if (nbd && !nbd_set_uri_allow_local_file(nbd, true) && !nbd_aio_connect_uri(nbd, n->uri))
        return nbd;
    nbd_close(nbd);
    return NULL;
}

/* What was under way waits for the next connection, ahead of what has waited less. */
static void take_all_back(struct connection *c)
{
    struct nbd_engine *n = c->owner;
    struct store_io *io;

    for (unsigned int i = 0; i < MAX_READS + MAX_WRITES; i++)
        if (c->sent[i].io) {
            io = take_back(&c->sent[i]);
            STAILQ_INSERT_TAIL(&c->failed, io, link);
        }
    while ((io = io_list_take(&c->failed)))
        STAILQ_INSERT_HEAD(&n->queues[io->urgency], io, link);
}

static void drop(struct connection *c)
{
    if (c->waits_for)
        event_del(c->socket);
    c->waits_for = 0;
    nbd_close(c->nbd);
    c->nbd = NULL;
    take_all_back(c);
}

static void lose(struct connection *c, const char *why)
{
    struct nbd_engine *n = c->owner;

    log_debug("store: %s: a connection is lost: %s", n->uri, why);
    if (c->state == READY && !--n->nr_ready)
        log_warning("store: '%s' is away, and pages on it wait: %s", n->uri, why);
    c->state = AWAY;
    drop(c);
    wait_ms(c, c->retry_ms);
    c->retry_ms = c->retry_ms * 2 < LAST_RETRY_MS ? c->retry_ms * 2 : LAST_RETRY_MS;
}

static const char *what_is_wrong(struct nbd_engine *n, struct nbd_handle *nbd)
{
    if (nbd_is_read_only(nbd) != 0)
        return "can only be read";
    if (nbd_get_size(nbd) < n->size)
        return "is smaller than it was";
    if (nbd_get_block_size(nbd, LIBNBD_SIZE_MINIMUM) > PAGE_BYTES)
        return "takes only blocks larger than a page";
    if (n->nr_connections > 1 && nbd_can_multi_conn(nbd) != 1)
        return "takes no more than one connection by now";
    return NULL;
}

static void connected(struct connection *c)
{
    struct nbd_engine *n = c->owner;
    const char *wrong = what_is_wrong(n, c->nbd);

    if (wrong) {
        log_limited(LOG_LEVEL_ERROR, "store: '%s' is back, but %s", n->uri, wrong);
        lose(c, wrong);
        return;
    }
    event_del(c->timer);
    notice_silence(nbd_aio_get_fd(c->nbd));
    c->state = READY;
    c->retry_ms = FIRST_RETRY_MS;
    if (!n->nr_ready++)
        log_info("store: '%s' is there", n->uri);
    send_queued(n);
}

/* The direction changes with each call to libnbd, and while it connects the descriptor as well. */
static void wait_for_socket(struct connection *c)
{
    const unsigned int direction = nbd_aio_get_direction(c->nbd);
    const int fd = nbd_aio_get_fd(c->nbd);
    short waits_for = EV_PERSIST;

    if (direction & LIBNBD_AIO_DIRECTION_READ)
        waits_for |= EV_READ;
    if (direction & LIBNBD_AIO_DIRECTION_WRITE)
        waits_for |= EV_WRITE;
    if (fd == c->fd && waits_for == c->waits_for)
        return;
    if (c->waits_for)
        event_del(c->socket);
    event_assign(c->socket, event_get_base(c->socket), fd, waits_for, event_get_callback(c->socket),
                 c);
    event_priority_set(c->socket, PRIORITY_SERVE);
    c->fd = fd;
    c->waits_for = waits_for;
    if (event_add(c->socket, NULL))
        lose(c, "out of memory");
}

/* A server that ends says so to each request; the next one may take it. */
static void tell_of_failed(struct connection *c)
{
    struct store_io *io;

    while ((io = STAILQ_FIRST(&c->failed))) {
        if (io->error == -ESHUTDOWN) {
            lose(c, "it is shutting down");
            return;
        }
        STAILQ_REMOVE_HEAD(&c->failed, link);
        done_later(&c->owner->later, io);
    }
}

/* After each call to libnbd: what has become of the connection? */
static void look_at(struct connection *c)
{
    if (!c->nbd)
        return;
    if (nbd_aio_is_dead(c->nbd) || nbd_aio_is_closed(c->nbd)) {
        lose(c, nbd_get_error() ? nbd_get_error() : "it was closed");
        return;
    }
    tell_of_failed(c);
    if (c->nbd && c->state == CONNECTING && nbd_aio_is_ready(c->nbd))
        connected(c);
    if (c->nbd)
        wait_for_socket(c);
}

static void look_at_all(evutil_socket_t fd, short what, void *arg)
{
    struct nbd_engine *n = arg;

    (void)fd, (void)what;
    for (unsigned int i = 0; i < n->nr_connections; i++)
        look_at(&n->connections[i]);
    send_queued(n);
}

static void socket_ready(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;
    const unsigned int direction = nbd_aio_get_direction(c->nbd);

    (void)fd;
    if (what & EV_READ && direction & LIBNBD_AIO_DIRECTION_READ)
        nbd_aio_notify_read(c->nbd);
    else if (what & EV_WRITE && direction & LIBNBD_AIO_DIRECTION_WRITE)
        nbd_aio_notify_write(c->nbd);
    look_at(c);
}

static void connect_again(struct connection *c)
{
    c->nbd = create_handle(c->owner);
    c->state = CONNECTING;
    if (!c->nbd) {
        lose(c, nbd_get_error());
        return;
    }
    wait_ms(c, CONNECT_MS);
    look_at(c);
}

static void time_is_over(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;

    (void)fd, (void)what;
    if (c->state == CONNECTING)
        lose(c, "it does not answer");
    else
        connect_again(c);
}

/* --- The engine. --- */

static struct nbd_engine *nbd_of(struct store_engine *engine)
{
    return (struct nbd_engine *)engine;
}

static void nbd_submit(struct store_engine *engine, struct store_io *io)
{
    struct nbd_engine *n = nbd_of(engine);

    if (io->urgency == STORE_PAGE_OUT) {
        io->error = holes_before_write(n->holes, io->slot);
        if (io->error)
            done_later(&n->later, io);
        if (io->error || holes_hold(n->holes, io))
            return;
    }
    begin(n, io);
}

static void nbd_release(struct store_engine *engine, uint32_t slot)
{
    holes_after_release(nbd_of(engine)->holes, slot);
}

static uint32_t nbd_max_slots(const struct store_engine *engine)
{
    const int64_t nr = ((const struct nbd_engine *)engine)->size / PAGE_BYTES;

    return nr < STORE_SLOT_ZERO ? (uint32_t)nr : STORE_SLOT_ZERO;
}

static void nbd_remove(struct store_engine *engine)
{
    (void)engine; /* it is the server's */
}

static void nbd_engine_close(struct store_engine *engine)
{
    struct nbd_engine *n = nbd_of(engine);

    for (unsigned int i = 0; i < n->nr_connections; i++) {
        struct connection *c = &n->connections[i];

        nbd_close(c->nbd);
        if (c->socket)
            event_free(c->socket);
        if (c->timer)
            event_free(c->timer);
    }
    holes_destroy(n->holes);
    done_later_clear(&n->later);
    if (n->check)
        event_free(n->check);
    free(n->uri);
    free(n);
}

static const struct store_engine_ops nbd_ops = {
    .submit = nbd_submit,
    .release = nbd_release,
    .max_slots = nbd_max_slots,
    .remove = nbd_remove,
    .close = nbd_engine_close,
};

/* --- The start, which waits. --- */

static int refuse(struct nbd_engine *n, int rc, const char *why, char *message, size_t size)
{
    snprintf(message, size, "store: '%s': %s", n->uri, why);
    one_line(message);
    return rc;
}

static int refuse_with_nbd_error(struct nbd_engine *n, char *message, size_t size)
{
    const int error = nbd_get_errno();

    return refuse(n, error ? -error : -EIO, nbd_get_error(), message, size);
}

/* The first connection, so that a server that is not there is noticed before anything begins. */
static int connect_first(struct nbd_engine *n, char *message, size_t size)
{
    const int64_t end = clock_ms() + CONNECT_MS;
    struct connection *c = &n->connections[0];
    const char *wrong;

    c->nbd = create_handle(n);
    if (!c->nbd)
        return refuse_with_nbd_error(n, message, size);
    while (!nbd_aio_is_ready(c->nbd)) {
        const int64_t left = end - clock_ms();
        int rc = left > 0 ? nbd_poll(c->nbd, (int)left) : 0;

        if (rc < 0)
            return refuse_with_nbd_error(n, message, size);
        if (!rc)
            return refuse(n, -ETIMEDOUT, "does not answer", message, size);
    }
    wrong = what_is_wrong(n, c->nbd);
    if (wrong)
        return refuse(n, -EINVAL, wrong, message, size);
    n->size = nbd_get_size(c->nbd);
    if (n->size < PAGE_BYTES)
        return refuse(n, -ENOSPC, "is smaller than a page", message, size);
    return 0;
}

static int create_connection(struct nbd_engine *n, struct event_base *base)
{
    struct connection *c = &n->connections[n->nr_connections++];

    c->owner = n;
    c->retry_ms = FIRST_RETRY_MS;
    STAILQ_INIT(&c->failed);
    c->socket = event_new(base, -1, 0, socket_ready, c);
    c->timer = event_new(base, -1, 0, time_is_over, c);
    return c->socket && c->timer && !event_priority_set(c->timer, PRIORITY_SERVE) ? 0 : -ENOMEM;
}

static int create_parts(struct nbd_engine *n, struct event_base *base, const char *uri)
{
    for (int i = 0; i < NR_STORE_URGENCIES; i++)
        STAILQ_INIT(&n->queues[i]);
    n->uri = strdup(uri);
    n->check = event_new(base, -1, 0, look_at_all, n);
    if (!n->uri || !n->check || event_priority_set(n->check, PRIORITY_SERVE) ||
        done_later_init(&n->later, base) || holes_create(base, begin, n, &n->holes))
        return -ENOMEM;
    return create_connection(n, base);
}

/* The others come when the loop runs. They must see what was written over each other. */
static int use_connections(struct nbd_engine *n, struct event_base *base, unsigned int nr)
{
    int rc = 0;

    n->connections[0].state = CONNECTING;
    look_at(&n->connections[0]);
    if (n->connections[0].state != READY)
        return -ENOMEM;
    if (nbd_can_multi_conn(n->connections[0].nbd) != 1)
        nr = 1;
    while (!rc && n->nr_connections < nr) {
        rc = create_connection(n, base);
        if (!rc)
            connect_again(&n->connections[n->nr_connections - 1]);
    }
    return rc;
}

int store_nbd_open(struct event_base *base, const char *uri, unsigned int nr_connections,
                   struct store_engine **engine, char *message, size_t size)
{
    struct nbd_engine *n = calloc(1, sizeof(*n) + nr_connections * sizeof(n->connections[0]));
    int rc = -ENOMEM;

    snprintf(message, size, "store: out of memory");
    if (!n)
        return rc;
    n->engine.ops = &nbd_ops;
    rc = create_parts(n, base, uri);
    if (!rc)
        rc = connect_first(n, message, size);
    if (!rc)
        rc = use_connections(n, base, nr_connections);
    if (rc) {
        nbd_engine_close(&n->engine);
        return rc;
    }
    *engine = &n->engine;
    return 0;
}
