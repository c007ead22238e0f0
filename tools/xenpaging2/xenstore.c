/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xenstore.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "log.h"
#include "priorities.h"
#include "small_thread.h"

#define MAX_WATCHES 4
#define CLOSE_WAIT_S 2
#define BETWEEN_WRITES_US 2000 /* so that a page-in does not wait for all of them */

struct watch {
    const char *path;
    xenstore_watch_fn *fn;
    void *arg;
};

/* A value to be written, or one that was read for a watch. */
struct note {
    STAILQ_ENTRY(note) link;
    const struct watch *watch; /* of a value that was read */
    char *path;                /* of one to be written */
    bool replaces;             /* likewise: not where there is none */
    char *value;
};

STAILQ_HEAD(notes, note);

struct xenstore {
    struct xs_handle *handle;
    const char *guard;
    struct watch watches[MAX_WATCHES];
    unsigned int nr_watches;

    pthread_t thread;
    bool started;
    bool rests;    /* the thread's own: it pauses between writes */
    int thread_fd; /* wakes the thread */
    int loop_fd;   /* wakes the event loop */
    struct event *loop_event;

    pthread_mutex_t lock; /* for all below */
    pthread_cond_t changed;
    struct notes to_write, to_loop;
    bool stop;
    bool ended; /* the thread has lost its connection, or was told to stop */
};

static void wake(int fd)
{
    uint64_t one = 1;

    if (write(fd, &one, sizeof(one)) < 0)
        abort(); /* an eventfd far from its maximum takes a write */
}

static void be_awake(int fd)
{
    uint64_t count;

    if (read(fd, &count, sizeof(count)) < 0)
        return; /* somebody was faster */
}

static void free_note(struct note *note)
{
    free(note->path);
    free(note->value);
    free(note);
}

static struct note *take_first(struct notes *notes)
{
    struct note *note = STAILQ_FIRST(notes);

    if (note)
        STAILQ_REMOVE_HEAD(notes, link);
    return note;
}

int xenstore_open(const char *guard, struct xenstore **out, char *message, size_t size)
{
    struct xenstore *xs = calloc(1, sizeof(*xs));
    int rc = -ENOMEM;

    if (xs) {
        xs->guard = guard;
        pthread_mutex_init(&xs->lock, NULL);
        pthread_cond_init(&xs->changed, NULL);
        STAILQ_INIT(&xs->to_write);
        STAILQ_INIT(&xs->to_loop);
        xs->thread_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        xs->loop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        xs->handle = xs_open(0);
        rc = !xs->handle || xs->thread_fd < 0 || xs->loop_fd < 0 ? -errno : 0;
    }
    if (rc) {
        snprintf(message, size, "cannot talk to xenstore: %s (is xenstored running?)",
                 strerror(-rc));
        xenstore_close(xs);
        return rc;
    }
    *out = xs;
    return 0;
}

/* The thread writes what is queued before it stops. Returns false if it does not get to that. */
static bool stop_thread(struct xenstore *xs)
{
    struct timespec end;
    bool ended;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += CLOSE_WAIT_S;
    pthread_mutex_lock(&xs->lock);
    xs->stop = true;
    wake(xs->thread_fd);
    while (!xs->ended && !pthread_cond_timedwait(&xs->changed, &xs->lock, &end))
        continue;
    ended = xs->ended;
    pthread_mutex_unlock(&xs->lock);
    if (ended)
        pthread_join(xs->thread, NULL);
    return ended;
}

void xenstore_close(struct xenstore *xs)
{
    struct note *note;

    if (!xs)
        return;
    if (xs->started && !stop_thread(xs)) {
        log_warning("xenstored does not answer: the last status is not in xenstore");
        return; /* the thread still uses it all; the process is about to end */
    }
    while ((note = take_first(&xs->to_write)) || (note = take_first(&xs->to_loop)))
        free_note(note);
    if (xs->loop_event)
        event_free(xs->loop_event);
    if (xs->handle)
        xs_close(xs->handle);
    if (xs->thread_fd >= 0)
        close(xs->thread_fd);
    if (xs->loop_fd >= 0)
        close(xs->loop_fd);
    pthread_cond_destroy(&xs->changed);
    pthread_mutex_destroy(&xs->lock);
    free(xs);
}

char *xenstore_read(struct xenstore *xs, const char *path)
{
    return xs_read(xs->handle, XBT_NULL, path, NULL);
}

int xenstore_watch(struct xenstore *xs, const char *path, xenstore_watch_fn *fn, void *arg)
{
    char token[16];

    if (xs->nr_watches == MAX_WATCHES)
        return -ENOSPC;
    xs->watches[xs->nr_watches] = (struct watch){path, fn, arg};
    snprintf(token, sizeof(token), "%u", xs->nr_watches++);
    return xs_watch(xs->handle, path, token) ? 0 : -errno;
}

static bool is_there(struct xenstore *xs, xs_transaction_t t, const char *path)
{
    char *value = xs_read(xs->handle, t, path, NULL);

    free(value);
    return value != NULL;
}

static bool write_one(struct xenstore *xs, xs_transaction_t t, const struct note *note)
{
    if (!note->value)
        return xs_rm(xs->handle, t, note->path) || errno == ENOENT;
    if (note->replaces && !is_there(xs, t, note->path))
        return true;
    return xs_write(xs->handle, t, note->path, note->value, (unsigned int)strlen(note->value));
}

static bool told_to_stop(struct xenstore *xs)
{
    bool stop;

    pthread_mutex_lock(&xs->lock);
    stop = xs->stop;
    pthread_mutex_unlock(&xs->lock);
    return stop;
}

static bool write_all(struct xenstore *xs, xs_transaction_t t, const struct notes *notes)
{
    const struct note *note;
    bool ok = true;

    STAILQ_FOREACH(note, notes, link)
    {
        if (xs->rests && !told_to_stop(xs))
            usleep(BETWEEN_WRITES_US);
        ok = write_one(xs, t, note);
        if (!ok)
            break;
    }
    return ok;
}

/*
 * Writes all or nothing, and nothing once the guard is gone: a status that comes late must not
 * make the nodes of a destroyed domain anew. Returns false with errno.
 */
static bool write_guarded(struct xenstore *xs, const struct notes *notes)
{
    xs_transaction_t t = xs_transaction_start(xs->handle);
    bool ok;
    int error;

    if (t == XBT_NULL)
        return false;
    ok = is_there(xs, t, xs->guard) && write_all(xs, t, notes);
    error = errno;
    if (!xs_transaction_end(xs->handle, t, !ok))
        return false;
    errno = error;
    return ok;
}

static void write_notes(struct xenstore *xs)
{
    struct notes notes = STAILQ_HEAD_INITIALIZER(notes);
    struct note *note;
    bool ok = true;

    pthread_mutex_lock(&xs->lock);
    STAILQ_CONCAT(&notes, &xs->to_write);
    pthread_mutex_unlock(&xs->lock);
    if (!STAILQ_EMPTY(&notes)) {
        do
            ok = write_guarded(xs, &notes);
        while (!ok && errno == EAGAIN); /* somebody else wrote meanwhile */
    }
    if (!ok && errno != ENOENT)
        log_limited(LOG_LEVEL_WARNING, "cannot write to xenstore: %s", strerror(errno));
    while ((note = take_first(&notes)))
        free_note(note);
}

void xenstore_flush(struct xenstore *xs)
{
    write_notes(xs);
}

/* Reads the node of a watch that fired and hands its value to the loop. */
static void read_watched(struct xenstore *xs, const char *token)
{
    unsigned long i = strtoul(token, NULL, 10);
    struct note *note = calloc(1, sizeof(*note));

    if (!note || i >= xs->nr_watches) {
        log_limited(LOG_LEVEL_ERROR, "watch event %s is lost: %s", token,
                    note ? "no such watch" : "out of memory");
        free(note);
        return;
    }
    note->watch = &xs->watches[i];
    if (note->watch->path[0] != '@')
        note->value = xs_read(xs->handle, XBT_NULL, note->watch->path, NULL);
    pthread_mutex_lock(&xs->lock);
    STAILQ_INSERT_TAIL(&xs->to_loop, note, link);
    pthread_mutex_unlock(&xs->lock);
    wake(xs->loop_fd);
}

/* Returns false if the connection is lost. */
static bool check_watches(struct xenstore *xs)
{
    char **vec;

    errno = EAGAIN;
    while ((vec = xs_check_watch(xs->handle))) {
        read_watched(xs, vec[XS_WATCH_TOKEN]);
        free(vec);
        errno = EAGAIN;
    }
    return errno == EAGAIN;
}

static void *thread_main(void *arg)
{
    struct xenstore *xs = arg;
    struct pollfd fds[] = {{.fd = xs->thread_fd, .events = POLLIN},
                           {.fd = xs_fileno(xs->handle), .events = POLLIN}};
    const struct sched_param none = {.sched_priority = 0};
    bool connected = true, stop = false;

    /* Else it may get the processor as soon as it is told something, and a page-in waits. */
    sched_setscheduler(0, SCHED_BATCH, &none);
    xs->rests = true;
    while (connected && !stop) {
        poll(fds, 2, -1);
        be_awake(xs->thread_fd);
        stop = told_to_stop(xs);
        write_notes(xs);
        connected = check_watches(xs);
    }
    if (!connected)
        log_error("the connection to xenstored is lost: targets go unnoticed from now on");
    pthread_mutex_lock(&xs->lock);
    xs->ended = true;
    pthread_cond_broadcast(&xs->changed);
    pthread_mutex_unlock(&xs->lock);
    return NULL;
}

static void deliver(evutil_socket_t fd, short what, void *arg)
{
    struct xenstore *xs = arg;
    struct notes notes = STAILQ_HEAD_INITIALIZER(notes);
    struct note *note;

    (void)what;
    pthread_mutex_lock(&xs->lock);
    be_awake(fd);
    STAILQ_CONCAT(&notes, &xs->to_loop);
    pthread_mutex_unlock(&xs->lock);
    while ((note = take_first(&notes))) {
        note->watch->fn(note->watch->arg, note->value);
        free_note(note);
    }
}

int xenstore_start(struct xenstore *xs, struct event_base *base)
{
    int rc;

    xs->loop_event = event_new(base, xs->loop_fd, EV_READ | EV_PERSIST, deliver, xs);
    if (!xs->loop_event || event_priority_set(xs->loop_event, PRIORITY_SERVE) ||
        event_add(xs->loop_event, NULL))
        return -ENOMEM;
    rc = small_thread_create(&xs->thread, thread_main, xs);
    xs->started = !rc;
    return rc;
}

static struct note *find_queued(struct xenstore *xs, const char *path)
{
    struct note *note;

    STAILQ_FOREACH(note, &xs->to_write, link)
    if (!strcmp(note->path, path))
        return note;
    return NULL;
}

static struct note *new_note(const char *path)
{
    struct note *note = calloc(1, sizeof(*note));

    if (note && !(note->path = strdup(path))) {
        free(note);
        return NULL;
    }
    return note;
}

/* Called with the lock held. */
static bool queue_write(struct xenstore *xs, const char *path, const char *value, bool replaces)
{
    char *copy = value ? strdup(value) : NULL;
    struct note *note = find_queued(xs, path);

    if (value && !copy)
        return false;
    if (!note) {
        note = new_note(path);
        if (!note) {
            free(copy);
            return false;
        }
        STAILQ_INSERT_TAIL(&xs->to_write, note, link);
    }
    free(note->value);
    note->value = copy;
    note->replaces = replaces;
    return true;
}

static void write_later(struct xenstore *xs, const char *path, const char *value, bool replaces)
{
    bool queued;

    pthread_mutex_lock(&xs->lock);
    queued = queue_write(xs, path, value, replaces);
    pthread_mutex_unlock(&xs->lock);
    if (!queued)
        log_limited(LOG_LEVEL_WARNING, "no memory to write %s to xenstore", path);
    wake(xs->thread_fd);
}

void xenstore_write(struct xenstore *xs, const char *path, const char *value)
{
    write_later(xs, path, value, false);
}

void xenstore_replace(struct xenstore *xs, const char *path, const char *value)
{
    write_later(xs, path, value, true);
}
