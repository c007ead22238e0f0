/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "readahead.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "pager.h"
#include "pages.h"
#include "priorities.h"
#include "stats.h"

#define NR_STREAMS 8 /* places at which the guest is seen to go on at the same time */
#define CLOSE 4      /* gfns between faults that belong together: some pages are in memory */
#define FIRST_WINDOW 2

/* A place at which the guest faults, and what was fetched behind it. */
struct stream {
    uint64_t fault;      /* the number of its last fault; 0: not in use */
    uint32_t gfn;        /* of that fault */
    bool falls;          /* the guest goes on towards lower gfns */
    uint32_t window;     /* gfns behind the fault that are fetched; 0: there was one fault only */
    uint32_t nr_to_go;   /* of these, the ones that are not dealt with yet */
    uint32_t nr_fetched; /* and the ones that had to be fetched */
};

struct readahead {
    struct readahead_env env;
    struct event *turn;
    uint64_t nr_faults;
    uint32_t most; /* pages in a window, as it has proved to be good lately */
    struct stream streams[NR_STREAMS];
};

static void fetch_all(evutil_socket_t fd, short what, void *arg);

struct readahead *readahead_create(const struct readahead_env *env)
{
    struct readahead *readahead = calloc(1, sizeof(*readahead));

    if (!readahead)
        return NULL;
    readahead->env = *env;
    readahead->most = READAHEAD_MAX;
    readahead->turn = event_new(env->base, -1, 0, fetch_all, readahead);
    if (!readahead->turn || event_priority_set(readahead->turn, PRIORITY_BACKGROUND)) {
        readahead_destroy(readahead);
        errno = ENOMEM;
        return NULL;
    }
    return readahead;
}

void readahead_destroy(struct readahead *readahead)
{
    if (!readahead)
        return;
    if (readahead->turn)
        event_free(readahead->turn);
    free(readahead);
}

/* --- Where the guest goes. --- */

/* How far a gfn is behind a stream's last fault, in its direction. */
static int64_t distance(const struct stream *stream, uint32_t gfn)
{
    int64_t distance = (int64_t)gfn - stream->gfn;

    return stream->falls ? -distance : distance;
}

/* Two faults decide in which direction it goes. */
static bool continues(struct stream *stream, uint32_t gfn)
{
    int64_t behind = distance(stream, gfn);

    if (!stream->fault)
        return false;
    if (!stream->window && behind < 0) {
        stream->falls = !stream->falls;
        behind = -behind;
    }
    return behind > 0 && behind <= (int64_t)stream->window + CLOSE;
}

static struct stream *find_stream(struct readahead *readahead, uint32_t gfn)
{
    for (unsigned int i = 0; i < NR_STREAMS; i++)
        if (continues(&readahead->streams[i], gfn))
            return &readahead->streams[i];
    return NULL;
}

static struct stream *oldest_stream(struct readahead *readahead)
{
    struct stream *oldest = &readahead->streams[0];

    for (unsigned int i = 1; i < NR_STREAMS; i++)
        if (readahead->streams[i].fault < oldest->fault)
            oldest = &readahead->streams[i];
    return oldest;
}

/* The guest did not come back to where it was. */
static void give_up(struct readahead *readahead, const struct stream *stream)
{
    if (stream->nr_fetched && readahead->most > 1)
        readahead->most /= 2;
}

static void go_on(struct readahead *readahead, struct stream *stream)
{
    if (stream->nr_fetched && readahead->most < READAHEAD_MAX)
        readahead->most *= 2;
    readahead->env.stats->useful += stream->nr_fetched;
    stream->window = stream->window ? stream->window * 2 : FIRST_WINDOW;
    if (stream->window > readahead->most)
        stream->window = readahead->most;
    stream->nr_fetched = 0;
    stream->nr_to_go = stream->window;
    event_active(readahead->turn, EV_TIMEOUT, 0);
}

void readahead_fault(struct readahead *readahead, uint32_t gfn)
{
    struct stream *stream = find_stream(readahead, gfn);

    if (stream) {
        go_on(readahead, stream);
    } else {
        stream = oldest_stream(readahead);
        give_up(readahead, stream);
        *stream = (struct stream){0};
    }
    stream->gfn = gfn;
    stream->fault = ++readahead->nr_faults;
}

/* --- Fetching. --- */

/* The next gfn of the window, if there is one. */
static bool next_gfn(const struct readahead *readahead, struct stream *stream, uint32_t *gfn)
{
    uint32_t step = stream->window - stream->nr_to_go + 1;

    if (!stream->nr_to_go)
        return false;
    stream->nr_to_go--;
    *gfn = stream->falls ? stream->gfn - step : stream->gfn + step;
    return *gfn < pages_nr_gfns(readahead->env.pages); /* below 0 is above, too */
}

static void fetch(struct readahead *readahead, struct stream *stream)
{
    struct readahead_env *env = &readahead->env;
    uint32_t gfn;

    while (next_gfn(readahead, stream, &gfn)) {
        if (pages_state(env->pages, gfn) != PAGE_PAGED)
            continue;
        if (!pager_can_fetch(env->pager) || !env->may_fetch(env->arg))
            return;
        pager_fetch(env->pager, gfn);
        stream->nr_fetched++;
        env->stats->prefetched++;
    }
}

static void fetch_all(evutil_socket_t fd, short what, void *arg)
{
    struct readahead *readahead = arg;

    (void)fd, (void)what;
    for (unsigned int i = 0; i < NR_STREAMS; i++)
        fetch(readahead, &readahead->streams[i]);
}
