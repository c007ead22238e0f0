/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io_threads.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io_list.h"
#include "priorities.h"
#include "small_thread.h"

struct io_threads {
    io_threads_fn *fn;
    void *arg;
    int done_fd; /* readable when done is not empty */
    struct event *done_event;
    struct gathered {
        struct io_list list;
        unsigned int nr;
    } gathered[NR_STORE_URGENCIES]; /* what waits for more of its kind; the loop has it alone */
    struct event *idle_event;       /* no more are coming */

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t work;
    struct io_list queues[NR_STORE_URGENCIES], done;
    bool stop;
    unsigned int nr_writing, max_writing; /* threads with anything but a read */

    unsigned int nr_threads;
    pthread_t threads[];
};

/* Whether several can be done together; nobody waits for any of these. */
static bool goes_together(enum store_urgency urgency)
{
    return urgency == STORE_FETCH || urgency == STORE_PAGE_OUT;
}

/* What to do next, in ios[]. Returns how many, 0 for nothing. */
static unsigned int next_work(struct io_threads *t, struct store_io **ios)
{
    const int end = t->nr_writing < t->max_writing ? NR_STORE_URGENCIES : STORE_PAGE_OUT;
    unsigned int nr = 0;
    int i = 0;

    while (i < end && STAILQ_EMPTY(&t->queues[i]))
        i++;
    if (i == end)
        return 0;
    do
        ios[nr++] = io_list_take(&t->queues[i]);
    while (goes_together((enum store_urgency)i) && nr < IO_THREADS_TOGETHER &&
           !STAILQ_EMPTY(&t->queues[i]));
    return nr;
}

/*
 * Called and returns with the lock held, but tells the loop without it: where there is one
 * processor, the loop runs at once, and would have to wait for the lock.
 */
static void carry_out(struct io_threads *t, struct store_io **ios, unsigned int nr)
{
    const bool is_writing = !io_is_read(ios[0]);
    uint64_t one = 1;
    bool is_first;

    t->nr_writing += is_writing;
    pthread_mutex_unlock(&t->lock);
    t->fn(t->arg, ios, nr);
    pthread_mutex_lock(&t->lock);
    t->nr_writing -= is_writing;
    is_first = STAILQ_EMPTY(&t->done);
    for (unsigned int i = 0; i < nr; i++)
        STAILQ_INSERT_TAIL(&t->done, ios[i], link);
    if (!is_first)
        return;
    pthread_mutex_unlock(&t->lock);
    if (write(t->done_fd, &one, sizeof(one)) < 0)
        abort(); /* an eventfd far from its maximum takes a write */
    pthread_mutex_lock(&t->lock);
}

static void *thread_main(void *arg)
{
    struct io_threads *t = arg;
    struct store_io *ios[IO_THREADS_TOGETHER];
    unsigned int nr;

    pthread_mutex_lock(&t->lock);
    while (!t->stop) {
        if ((nr = next_work(t, ios)))
            carry_out(t, ios, nr);
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
    while ((io = io_list_take(&done)))
        io->engine_done(io);
}

/* Wakes one thread for what it can take, with the lock free for it. */
static void begin_gathered(struct io_threads *t, enum store_urgency urgency)
{
    pthread_mutex_lock(&t->lock);
    STAILQ_CONCAT(&t->queues[urgency], &t->gathered[urgency].list);
    pthread_mutex_unlock(&t->lock);
    t->gathered[urgency].nr = 0;
    pthread_cond_signal(&t->work);
}

static void when_idle(evutil_socket_t fd, short what, void *arg)
{
    struct io_threads *t = arg;

    (void)fd, (void)what;
    for (int i = 0; i < NR_STORE_URGENCIES; i++)
        if (t->gathered[i].nr)
            begin_gathered(t, (enum store_urgency)i);
}

static int add_events(struct io_threads *t, struct event_base *base)
{
    t->done_event = event_new(base, t->done_fd, EV_READ | EV_PERSIST, deliver_done, t);
    t->idle_event = event_new(base, -1, 0, when_idle, t);
    if (!t->done_event || !t->idle_event || event_priority_set(t->done_event, PRIORITY_SERVE) ||
        event_priority_set(t->idle_event, PRIORITY_IDLE) || event_add(t->done_event, NULL))
        return -ENOMEM;
    return 0;
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
    for (int i = 0; i < NR_STORE_URGENCIES; i++) {
        STAILQ_INIT(&t->queues[i]);
        STAILQ_INIT(&t->gathered[i].list);
    }
    STAILQ_INIT(&t->done);
    t->max_writing = nr_threads > 1 ? nr_threads - 1 : 1;
    t->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (t->done_fd >= 0 && !(rc = add_events(t, base)))
        rc = start_threads(t, nr_threads);
    if (rc) {
        io_threads_destroy(t);
        return rc;
    }
    *out = t;
    return 0;
}

static void begin_alone(struct io_threads *t, struct store_io *io)
{
    pthread_mutex_lock(&t->lock);
    STAILQ_INSERT_TAIL(&t->queues[io->urgency], io, link);
    pthread_mutex_unlock(&t->lock);
    pthread_cond_signal(&t->work);
}

void io_threads_submit(struct io_threads *t, struct store_io *io)
{
    struct gathered *gathered = &t->gathered[io->urgency];

    if (!goes_together(io->urgency)) {
        begin_alone(t, io);
        return;
    }
    STAILQ_INSERT_TAIL(&gathered->list, io, link);
    if (++gathered->nr == IO_THREADS_TOGETHER)
        begin_gathered(t, io->urgency);
    else
        event_active(t->idle_event, EV_TIMEOUT, 0);
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
    if (t->idle_event)
        event_free(t->idle_event);
    if (t->done_fd >= 0)
        close(t->done_fd);
    pthread_cond_destroy(&t->work);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
