/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store engine for an NBD server: how pages leave the machine.
 *
 * All is done by libnbd's asynchronous calls in our event loop, over several connections if the
 * server says that they see each other's writes. Operations that the server answers with an error
 * fail with it. Those that it does not answer, because it is away, wait: each connection that is
 * lost is made anew, and what was under way on it is sent again, over whichever is there. Slots
 * whose writes had no answer then get no other page, as these may be done late. So eviction stops
 * by itself as long as no write is answered, and only the pages over there are late.
 *
 * A process that dies is no different: it leaves in the index which slots have no answer, and they
 * are as doubtful to the next one. That an export is the one of before, its name says, and then
 * each page's checksum.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "clock_ms.h"
#include "index.h"
#include "one_line.h"
#include "page.h"
#include "priorities.h"
#include "store_nbd_inside.h"

/* --- One operation. --- */

static struct sent *free_sent(struct connection *c)
{
    for (unsigned int i = 0; i < MAX_READS + MAX_WRITES; i++)
        if (!c->sent[i].io)
            return &c->sent[i];
    abort(); /* there are no more under way than that */
}

struct store_io *nbd_engine_take_back(struct sent *sent)
{
    struct store_io *io = sent->io;

    *(io_is_read(io) ? &sent->connection->nr_reads : &sent->connection->nr_writes) -= 1;
    sent->io = NULL;
    return io;
}

uint32_t nbd_engine_nr_slots(const struct store_io *io)
{
    return io->urgency == STORE_HOLE ? ((const struct hole *)io)->nr : 1;
}

/* Before it is sent: who is killed after that has it in the index. */
static void note_open(struct nbd_engine *n, const struct store_io *io)
{
    for (uint32_t i = 0; !io_is_read(io) && i < nbd_engine_nr_slots(io); i++)
        slot_set_add(&n->open, io->slot + i);
}

void nbd_engine_settle(struct nbd_engine *n, const struct store_io *io)
{
    for (uint32_t i = 0; !io_is_read(io) && i < nbd_engine_nr_slots(io); i++)
        if (!slot_set_has(&n->doubtful, io->slot + i))
            slot_set_remove(&n->open, io->slot + i);
}

/* Called by libnbd, which must not be called from here, within any of our calls to it. */
static int answered(void *arg, int *error)
{
    struct sent *sent = arg;
    struct connection *c = sent->connection;
    struct store_io *io = nbd_engine_take_back(sent);

    io->error = -*error;
    if (*error) {
        STAILQ_INSERT_TAIL(&c->failed, io, link);
    } else {
        nbd_engine_settle(c->owner, io);
        done_later(&c->owner->later, io);
    }
    event_active(c->owner->check, EV_TIMEOUT, 0);
    return 0; /* retire_answered() does it: some of libnbd's calls look at a command after this */
}

static int64_t send_one(struct connection *c, struct sent *sent)
{
    const nbd_completion_callback done = {.callback = answered, .user_data = sent};
    struct store_io *io = sent->io;
    const uint64_t offset = (uint64_t)io->slot * PAGE_BYTES;

    if (io_is_read(io))
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
    *(io_is_read(io) ? &c->nr_reads : &c->nr_writes) += 1;
    note_open(c->owner, io);
    if (send_one(c, sent) < 0)
        connection_lose(c, "it takes no more requests");
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

static void finish_with(struct nbd_engine *n, struct store_io *io, int error)
{
    io->error = error;
    done_later(&n->later, io);
}

void nbd_engine_send_queued(struct nbd_engine *n)
{
    for (int i = 0; i < NR_STORE_URGENCIES; i++) {
        struct connection *c;

        while (!STAILQ_EMPTY(&n->queues[i]) && (c = connection_for(n, i < STORE_PAGE_OUT))) {
            struct store_io *io = io_list_take(&n->queues[i]);

            if (i == STORE_HOLE && nbd_can_zero(c->nbd) != 1)
                finish_with(n, io, -EOPNOTSUPP);
            else
                send_on(c, io);
        }
    }
}

static void begin(void *arg, struct store_io *io)
{
    struct nbd_engine *n = arg;

    if (io->urgency == STORE_PAGE_OUT && slot_set_has(&n->doubtful, io->slot)) {
        finish_with(n, io, STORE_ELSEWHERE);
        return;
    }
    STAILQ_INSERT_TAIL(&n->queues[io->urgency], io, link);
    nbd_engine_send_queued(n);
}

static void look_at_all(evutil_socket_t fd, short what, void *arg)
{
    struct nbd_engine *n = arg;

    (void)fd, (void)what;
    for (unsigned int i = 0; i < n->nr_connections; i++)
        connection_look_at(&n->connections[i]);
    nbd_engine_send_queued(n);
}

/* --- The engine. --- */

static struct nbd_engine *nbd_of(struct store_engine *engine)
{
    return (struct nbd_engine *)engine;
}

/* To remember of a slot what there may be to remember. Where there can be a hole, there is all. */
static int make_room(struct nbd_engine *n, uint32_t slot)
{
    int rc = slot_set_make_room(&n->doubtful, slot);

    if (!rc)
        rc = slot_set_make_room(&n->open, slot);
    return rc ? rc : holes_before_write(n->holes, slot);
}

static void nbd_submit(struct store_engine *engine, struct store_io *io)
{
    struct nbd_engine *n = nbd_of(engine);
    int rc = io->urgency == STORE_PAGE_OUT ? make_room(n, io->slot) : 0;

    if (rc)
        finish_with(n, io, rc);
    else if (io->urgency != STORE_PAGE_OUT || !holes_hold(n->holes, io))
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

static uint64_t id_of(const char *uri)
{
    return XXH3_64bits(uri, strlen(uri)) | 1; /* it is not 0 */
}

static uint64_t nbd_id(const struct store_engine *engine)
{
    return id_of(((const struct nbd_engine *)engine)->uri);
}

static int nbd_use_index(struct store_engine *engine, struct index *index)
{
    struct nbd_engine *n = nbd_of(engine);
    const uint32_t nr = index_nr_slots(index);

    n->open.index = index;
    if (nr > nbd_max_slots(engine))
        return -ENOSPC;
    if (nr && make_room(n, nr - 1))
        return -ENOMEM;
    if (nr)
        memcpy(n->doubtful.words, n->open.words, n->open.nr_words * sizeof(*n->open.words));
    return 0;
}

static bool nbd_is_outside(const struct store_engine *engine, uint32_t slot)
{
    (void)engine, (void)slot;
    return true;
}

static void nbd_remove(struct store_engine *engine)
{
    (void)engine; /* it is the server's */
}

static void nbd_engine_close(struct store_engine *engine)
{
    struct nbd_engine *n = nbd_of(engine);

    io_threads_destroy(n->looking_up);
    for (unsigned int i = 0; i < n->nr_connections; i++)
        connection_destroy(&n->connections[i]);
    holes_destroy(n->holes);
    slot_set_clear(&n->doubtful);
    slot_set_clear(&n->open);
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
    .id = nbd_id,
    .use_index = nbd_use_index,
    .is_outside = nbd_is_outside,
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

    c->nbd = connection_new_handle(n);
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
    wrong = connection_what_is_wrong(n, c->nbd);
    if (wrong)
        return refuse(n, -EINVAL, wrong, message, size);
    n->size = nbd_get_size(c->nbd);
    if (n->size < PAGE_BYTES)
        return refuse(n, -ENOSPC, "is smaller than a page", message, size);
    return 0;
}

static int create_parts(struct nbd_engine *n, struct event_base *base, const char *uri)
{
    int rc;

    for (int i = 0; i < NR_STORE_URGENCIES; i++)
        STAILQ_INIT(&n->queues[i]);
    n->uri = strdup(uri);
    n->check = event_new(base, -1, 0, look_at_all, n);
    if (!n->uri || !n->check || event_priority_set(n->check, PRIORITY_SERVE) ||
        done_later_init(&n->later, base) || holes_create(base, begin, n, &n->holes))
        return -ENOMEM;
    rc = io_threads_create(base, 1, connection_begin_in_thread, n, &n->looking_up);
    return rc ? rc : connection_create(n, base);
}

/* The others come when the loop runs. They must see what was written over each other. */
static int use_connections(struct nbd_engine *n, struct event_base *base, unsigned int nr)
{
    int rc = 0;

    n->connections[0].state = CONNECTING;
    connection_look_at(&n->connections[0]);
    if (n->connections[0].state != READY)
        return -ENOMEM;
    if (nbd_can_multi_conn(n->connections[0].nbd) != 1)
        nr = 1;
    while (!rc && n->nr_connections < nr) {
        rc = connection_create(n, base);
        if (!rc)
            connection_begin(&n->connections[n->nr_connections - 1]);
    }
    return rc;
}

int store_nbd_open(struct event_base *base, const char *uri, unsigned int nr_connections,
                   uint64_t id, struct store_engine **engine, char *message, size_t size)
{
    struct nbd_engine *n = calloc(1, sizeof(*n) + nr_connections * sizeof(n->connections[0]));
    int rc = -ENOMEM;

    snprintf(message, size, "store: out of memory");
    if (!n)
        return rc;
    n->engine.ops = &nbd_ops;
    rc = create_parts(n, base, uri);
    if (!rc && id && id != id_of(uri))
        rc = refuse(n, -ESTALE, "is not the store that its index is of", message, size);
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
