/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io_threads.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "priorities.h"
#include "small_thread.h"

STAILQ_HEAD(io_list, store_io);

struct io_threads {
    io_threads_fn *fn;
    void *arg;
    int done_fd; /* readable when done is not empty */
    struct event *done_event;

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t work;
    struct io_list queues[NR_STORE_URGENCIES], done;
    bool stop;

    unsigned int nr_threads;
    pthread_t threads[];
};

static struct store_io *take_first(struct io_list *list)
{
    struct store_io *io = STAILQ_FIRST(list);

    if (io)
        STAILQ_REMOVE_HEAD(list, link);
    return io;
}

static struct store_io *next_work(struct io_threads *t)
{
    struct store_io *io = NULL;

    for (int i = 0; !io && i < NR_STORE_URGENCIES; i++)
        io = take_first(&t->queues[i]);
    return io;
}

/* Called and returns with the lock held. */
static void carry_out(struct io_threads *t, struct store_io *io)
{
    uint64_t one = 1;

    pthread_mutex_unlock(&t->lock);
    io->error = t->fn(t->arg, io);
    pthread_mutex_lock(&t->lock);
    if (STAILQ_EMPTY(&t->done) && write(t->done_fd, &one, sizeof(one)) < 0)
        abort(); /* an eventfd far from its maximum takes a write */
    STAILQ_INSERT_TAIL(&t->done, io, link);
}

static void *thread_main(void *arg)
{
    struct io_threads *t = arg;
    struct store_io *io;

    pthread_mutex_lock(&t->lock);
    while (!t->stop) {
        if ((io = next_work(t)))
            carry_out(t, io);
        else
            pthread_cond_wait(&t->work, &t->lock);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static void deliver_done(evutil_socket_t fd, short what, void *arg)
{
    struct io_threads *t = arg;
    struct io_list done = STAILQ_HEAD_INITIALIZER(done);
    struct store_io *io;
    uint64_t count;

    (void)what;
    pthread_mutex_lock(&t->lock);
    if (read(fd, &count, sizeof(count)) < 0)
        count = 0; /* nobody else reads it: there is nothing to be told */
    STAILQ_CONCAT(&done, &t->done);
    pthread_mutex_unlock(&t->lock);
    while ((io = take_first(&done)))
        io->engine_done(io);
}

static int start_threads(struct io_threads *t, unsigned int nr_threads)
{
    for (; t->nr_threads < nr_threads; t->nr_threads++) {
        int rc = small_thread_create(&t->threads[t->nr_threads], thread_main, t);

        if (rc)
            return rc;
    }
    return 0;
}

int io_threads_create(struct event_base *base, unsigned int nr_threads, io_threads_fn *fn,
                      void *arg, struct io_threads **out)
{
    struct io_threads *t = calloc(1, sizeof(*t) + nr_threads * sizeof(t->threads[0]));
    int rc = -ENOMEM;

    if (!t)
        return rc;
    t->fn = fn;
    t->arg = arg;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->work, NULL);
    for (int i = 0; i < NR_STORE_URGENCIES; i++)
        STAILQ_INIT(&t->queues[i]);
    STAILQ_INIT(&t->done);
    t->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->done_fd >= 0)
        t->done_event = event_new(base, t->done_fd, EV_READ | EV_PERSIST, deliver_done, t);
    if (t->done_event && !event_priority_set(t->done_event, PRIORITY_SERVE) &&
        !event_add(t->done_event, NULL))
        rc = start_threads(t, nr_threads);
    if (rc) {
        io_threads_destroy(t);
        return rc;
    }
    *out = t;
    return 0;
}

void io_threads_submit(struct io_threads *t, struct store_io *io)
{
    pthread_mutex_lock(&t->lock);
    STAILQ_INSERT_TAIL(&t->queues[io->urgency], io, link);
    pthread_cond_signal(&t->work);
    pthread_mutex_unlock(&t->lock);
}

void io_threads_destroy(struct io_threads *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_broadcast(&t->work);
    pthread_mutex_unlock(&t->lock);
    while (t->nr_threads)
        pthread_join(t->threads[--t->nr_threads], NULL);
    if (t->done_event)
        event_free(t->done_event);
    if (t->done_fd >= 0)
        close(t->done_fd);
    pthread_cond_destroy(&t->work);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
