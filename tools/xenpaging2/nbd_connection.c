/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to an NBD server that come and go. */
#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

#include "log.h"
#include "page.h"
#include "priorities.h"
#include "store_nbd_inside.h"
#include "timer_ms.h"

#define FIRST_RETRY_MS 100
#define LAST_RETRY_MS 10000
#define SILENCE_S 30 /* after which a machine that does not even acknowledge is given up */

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

struct nbd_handle *connection_new_handle(const struct nbd_engine *n)
{
    struct nbd_handle *nbd = nbd_create();

    /* The keys of TLS are in files, which the URI names. */
    if (nbd && !nbd_set_uri_allow_local_file(nbd, true) && !nbd_aio_connect_uri(nbd, n->uri))
        return nbd;
    nbd_close(nbd);
    return NULL;
}

/*
 * What had no answer is sent again, and may be done once more whenever the server comes to it, or
 * the network delivers it: NBD has no way to take it back, nor an order between connections. With
 * the contents that the slot has now this does no harm; others would be lost. So the slot gets
 * none.
 */
static void doubt(struct nbd_engine *n, const struct store_io *io)
{
    for (uint32_t i = 0; !io_is_read(io) && i < nbd_engine_nr_slots(io); i++)
        slot_set_add(&n->doubtful, io->slot + i);
}

/* What was under way waits for the next connection, ahead of what has waited less. */
static void take_all_back(struct connection *c)
{
    struct nbd_engine *n = c->owner;
    struct store_io *io;

    for (unsigned int i = 0; i < MAX_READS + MAX_WRITES; i++)
        if (c->sent[i].io) {
            io = nbd_engine_take_back(&c->sent[i]);
            STAILQ_INSERT_TAIL(&c->failed, io, link);
        }
    while ((io = io_list_take(&c->failed))) {
        doubt(n, io);
        STAILQ_INSERT_HEAD(&n->queues[io->urgency], io, link);
    }
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

void connection_lose(struct connection *c, const char *why)
{
    struct nbd_engine *n = c->owner;

    log_debug("store: %s: a connection is lost: %s", n->uri, why);
    if (c->state == READY && !--n->nr_ready)
        log_warning("store: '%s' is away, and pages on it wait: %s", n->uri, why);
    c->state = AWAY;
    drop(c);
    timer_add_ms(c->timer, c->retry_ms);
    c->retry_ms = c->retry_ms * 2 < LAST_RETRY_MS ? c->retry_ms * 2 : LAST_RETRY_MS;
}

const char *connection_what_is_wrong(struct nbd_engine *n, struct nbd_handle *nbd)
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
    const char *wrong = connection_what_is_wrong(n, c->nbd);

    if (wrong) {
        log_limited(LOG_LEVEL_ERROR, "store: '%s' is back, but %s", n->uri, wrong);
        connection_lose(c, wrong);
        return;
    }
    event_del(c->timer);
    notice_silence(nbd_aio_get_fd(c->nbd));
    c->state = READY;
    c->retry_ms = FIRST_RETRY_MS;
    if (!n->nr_ready++)
        log_info("store: '%s' is there", n->uri);
    nbd_engine_send_queued(n);
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
        connection_lose(c, "out of memory");
}

/* A server that ends says so to each request; the next one may take it. */
static void tell_of_failed(struct connection *c)
{
    struct store_io *io;

    while ((io = STAILQ_FIRST(&c->failed))) {
        if (io->error == -ESHUTDOWN) {
            connection_lose(c, "it is shutting down");
            return;
        }
        STAILQ_REMOVE_HEAD(&c->failed, link);
        nbd_engine_settle(c->owner, io);
        done_later(&c->owner->later, io);
    }
}

static void retire_answered(struct nbd_handle *nbd)
{
    int64_t cookie;

    while ((cookie = nbd_aio_peek_command_completed(nbd)) > 0)
        nbd_aio_command_completed(nbd, (uint64_t)cookie);
}

void connection_look_at(struct connection *c)
{
    if (!c->nbd)
        return;
    if (nbd_aio_is_dead(c->nbd) || nbd_aio_is_closed(c->nbd)) {
        connection_lose(c, nbd_get_error() ? nbd_get_error() : "it was closed");
        return;
    }
    retire_answered(c->nbd);
    tell_of_failed(c);
    if (c->nbd && c->state == CONNECTING && nbd_aio_is_ready(c->nbd))
        connected(c);
    if (c->nbd)
        wait_for_socket(c);
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
    connection_look_at(c);
}

static struct connection *connection_of(struct store_io *io)
{
    return (struct connection *)((char *)io - offsetof(struct connection, attempt.io));
}

void connection_begin_in_thread(void *arg, struct store_io **ios, unsigned int nr)
{
    struct attempt *attempt = &connection_of(ios[0])->attempt;

    (void)nr; /* there is one: they look like reads */
    attempt->nbd = connection_new_handle(arg);
    if (!attempt->nbd) /* libnbd keeps the text for this thread alone */
        snprintf(attempt->error, sizeof(attempt->error), "%s", nbd_get_error());
}

static void begun(struct store_io *io)
{
    struct connection *c = connection_of(io);

    c->nbd = c->attempt.nbd;
    c->attempt.nbd = NULL;
    if (!c->nbd) {
        connection_lose(c, c->attempt.error);
        return;
    }
    timer_add_ms(c->timer, CONNECT_MS);
    connection_look_at(c);
}

void connection_begin(struct connection *c)
{
    c->state = CONNECTING;
    c->attempt.io.urgency = STORE_FAULT;
    c->attempt.io.engine_done = begun;
    io_threads_submit(c->owner->looking_up, &c->attempt.io);
}

static void time_is_over(evutil_socket_t fd, short what, void *arg)
{
    struct connection *c = arg;

    (void)fd, (void)what;
    if (c->state == CONNECTING)
        connection_lose(c, "it does not answer");
    else
        connection_begin(c);
}

int connection_create(struct nbd_engine *n, struct event_base *base)
{
    struct connection *c = &n->connections[n->nr_connections++];

    c->owner = n;
    c->retry_ms = FIRST_RETRY_MS;
    STAILQ_INIT(&c->failed);
    c->socket = event_new(base, -1, 0, socket_ready, c);
    c->timer = event_new(base, -1, 0, time_is_over, c);
    return c->socket && c->timer && !event_priority_set(c->timer, PRIORITY_SERVE) ? 0 : -ENOMEM;
}

void connection_destroy(struct connection *c)
{
    nbd_close(c->nbd);
    nbd_close(c->attempt.nbd);
    if (c->socket)
        event_free(c->socket);
    if (c->timer)
        event_free(c->timer);
}
