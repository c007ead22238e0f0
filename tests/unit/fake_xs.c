/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "fake_xs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "failing.h"

#define MAX_NODES 64
#define MAX_WATCHES 8
#define MAX_EVENTS 256
#define TEXT 256
#define TRANSACTION 17u

struct node {
    char path[TEXT], value[TEXT];
    bool there;
    unsigned int nr_writes;
};

struct xs_handle {
    int fd;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t answers = PTHREAD_COND_INITIALIZER;
static struct {
    struct node nodes[MAX_NODES], before[MAX_NODES]; /* before the transaction under way */
    struct {
        char path[TEXT], token[TEXT];
    } watches[MAX_WATCHES];
    unsigned int events[MAX_EVENTS]; /* watches that have fired */
    unsigned int nr_watches, nr_events, nr_transactions, nr_conflicts;
    struct xs_handle handle;
    int write_error, refusal, nr_open;
    bool in_transaction, disturbed, cut, hanging, impatient;
} xs;

void fake_xs_reset(void)
{
    pthread_mutex_lock(&lock);
    memset(&xs, 0, sizeof(xs));
    pthread_mutex_unlock(&lock);
}

/* Called with the lock held, as all that follow. */
static struct node *find_in(struct node *nodes, const char *path, bool create)
{
    for (int i = 0; i < MAX_NODES; i++) {
        struct node *node = &nodes[i];

        if (!strcmp(node->path, path))
            return node;
        if (!node->path[0]) {
            if (create)
                snprintf(node->path, TEXT, "%s", path);
            return create ? node : NULL;
        }
    }
    fail_msg("too many nodes");
    return NULL;
}

static struct node *find(const char *path, bool create)
{
    return find_in(xs.nodes, path, create);
}

/* As all others see it, who know nothing of a transaction under way. */
static struct node *find_committed(const char *path)
{
    return find_in(xs.in_transaction ? xs.before : xs.nodes, path, false);
}

static void wake_client(void)
{
    if (xs.nr_open && eventfd_write(xs.handle.fd, 1))
        fail_msg("eventfd");
}

static void fire(const char *path)
{
    for (unsigned int i = 0; i < xs.nr_watches; i++)
        if (!strcmp(xs.watches[i].path, path) && xs.nr_events < MAX_EVENTS)
            xs.events[xs.nr_events++] = i;
    wake_client();
}

static void put_in(struct node *nodes, const char *path, const char *value)
{
    struct node *node = find_in(nodes, path, true);

    node->there = value != NULL;
    snprintf(node->value, TEXT, "%s", value ? value : "");
}

static void put(const char *path, const char *value)
{
    put_in(xs.nodes, path, value);
    fire(path);
}

void fake_xs_set(const char *path, const char *value)
{
    pthread_mutex_lock(&lock);
    put_in(xs.before, path, value);
    put(path, value);
    xs.disturbed = true;
    pthread_mutex_unlock(&lock);
}

bool fake_xs_get(const char *path, char *value)
{
    const struct node *node;
    bool there;

    pthread_mutex_lock(&lock);
    node = find_committed(path);
    there = node && node->there;
    if (there)
        memcpy(value, node->value, TEXT);
    pthread_mutex_unlock(&lock);
    return there;
}

unsigned int fake_xs_nr_writes(const char *path)
{
    const struct node *node;
    unsigned int nr;

    pthread_mutex_lock(&lock);
    node = find_committed(path);
    nr = node ? node->nr_writes : 0;
    pthread_mutex_unlock(&lock);
    return nr;
}

void fake_xs_fire(const char *path)
{
    pthread_mutex_lock(&lock);
    fire(path);
    pthread_mutex_unlock(&lock);
}

void fake_xs_conflict(unsigned int nr)
{
    pthread_mutex_lock(&lock);
    xs.nr_conflicts = nr;
    pthread_mutex_unlock(&lock);
}

unsigned int fake_xs_nr_transactions(void)
{
    unsigned int nr;

    pthread_mutex_lock(&lock);
    nr = xs.nr_transactions;
    pthread_mutex_unlock(&lock);
    return nr;
}

void fake_xs_fail_write(int error)
{
    pthread_mutex_lock(&lock);
    xs.write_error = error;
    pthread_mutex_unlock(&lock);
}

void fake_xs_refuse(int error)
{
    pthread_mutex_lock(&lock);
    xs.refusal = error;
    pthread_mutex_unlock(&lock);
}

void fake_xs_cut(void)
{
    pthread_mutex_lock(&lock);
    xs.cut = true;
    wake_client();
    pthread_mutex_unlock(&lock);
}

void fake_xs_hang(bool hang)
{
    pthread_mutex_lock(&lock);
    xs.hanging = hang;
    pthread_cond_broadcast(&answers);
    pthread_mutex_unlock(&lock);
}

void fake_xs_be_impatient(void)
{
    pthread_mutex_lock(&lock);
    xs.impatient = true;
    pthread_mutex_unlock(&lock);
}

int fake_xs_nr_open(void)
{
    int nr;

    pthread_mutex_lock(&lock);
    nr = xs.nr_open;
    pthread_mutex_unlock(&lock);
    return nr;
}

int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *end);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *end);

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *end)
{
    const struct timespec past = {0};

    return __real_pthread_cond_timedwait(cond, mutex, xs.impatient ? &past : end);
}

/* --- libxenstore. --- */

/* The start of each function that waits for an answer: takes the lock. False: there is none. */
static bool ask(void)
{
    pthread_mutex_lock(&lock);
    while (xs.hanging)
        pthread_cond_wait(&answers, &lock);
    if (xs.cut)
        errno = ECONNRESET;
    return !xs.cut;
}

static void *answer(void *value)
{
    int error = errno;

    pthread_mutex_unlock(&lock);
    errno = error;
    return value;
}

static bool answer_bool(bool ok)
{
    return answer(ok ? &xs : NULL) != NULL;
}

struct xs_handle *xs_open(unsigned long flags)
{
    (void)flags;
    if (fail_this(EACCES))
        return NULL;
    if (!ask())
        return answer(NULL);
    if (xs.refusal) {
        errno = xs.refusal;
        return answer(NULL);
    }
    xs.handle.fd = unfailing_eventfd();
    xs.nr_open++;
    return answer(&xs.handle);
}

void xs_close(struct xs_handle *handle)
{
    if (!handle)
        return;
    pthread_mutex_lock(&lock);
    close(handle->fd);
    xs.nr_open--;
    xs.nr_watches = 0;
    xs.nr_events = 0;
    pthread_mutex_unlock(&lock);
}

int xs_fileno(struct xs_handle *handle)
{
    return handle->fd;
}

void *xs_read(struct xs_handle *handle, xs_transaction_t t, const char *path, unsigned int *len)
{
    const struct node *node;
    char *value = NULL;

    (void)handle, (void)t, (void)len;
    if (!ask())
        return answer(NULL);
    node = find(path, false);
    if (node && node->there) {
        value = unfailing_calloc(1, TEXT);
        memcpy(value, node->value, TEXT);
    }
    errno = ENOENT;
    return answer(value);
}

bool xs_write(struct xs_handle *handle, xs_transaction_t t, const char *path, const void *data,
              unsigned int len)
{
    (void)handle;
    if (!ask())
        return answer_bool(false);
    if (t != TRANSACTION)
        fail_msg("%s is written outside of a transaction", path);
    if (xs.write_error) {
        errno = xs.write_error;
        xs.write_error = 0;
        return answer_bool(false);
    }
    if (len != strlen(data))
        fail_msg("%s is written with a length of %u", path, len);
    put(path, data);
    find(path, true)->nr_writes++;
    return answer_bool(true);
}

bool xs_rm(struct xs_handle *handle, xs_transaction_t t, const char *path)
{
    const struct node *node;

    (void)handle, (void)t;
    if (!ask())
        return answer_bool(false);
    node = find(path, false);
    if (!node || !node->there) {
        errno = ENOENT;
        return answer_bool(false);
    }
    put(path, NULL);
    return answer_bool(true);
}

bool xs_watch(struct xs_handle *handle, const char *path, const char *token)
{
    (void)handle;
    if (fail_this(ENOSPC) || !ask())
        return false;
    assert_true(xs.nr_watches < MAX_WATCHES);
    snprintf(xs.watches[xs.nr_watches].path, TEXT, "%s", path);
    snprintf(xs.watches[xs.nr_watches].token, TEXT, "%s", token);
    xs.events[xs.nr_events++] = xs.nr_watches++; /* each fires once at first */
    wake_client();
    return answer_bool(true);
}

/* The path and the token in one block, as the real one gives them. */
static char **new_event(unsigned int watch)
{
    char **vec = unfailing_calloc(1, 2 * sizeof(char *) + 2 * TEXT);

    vec[XS_WATCH_PATH] = (char *)(vec + 2);
    vec[XS_WATCH_TOKEN] = vec[XS_WATCH_PATH] + TEXT;
    memcpy(vec[XS_WATCH_PATH], xs.watches[watch].path, TEXT);
    memcpy(vec[XS_WATCH_TOKEN], xs.watches[watch].token, TEXT);
    return vec;
}

char **xs_check_watch(struct xs_handle *handle)
{
    eventfd_t count;
    char **vec = NULL;

    if (!ask())
        return answer(NULL);
    if (xs.nr_events) {
        vec = new_event(xs.events[0]);
        memmove(xs.events, xs.events + 1, --xs.nr_events * sizeof(xs.events[0]));
    } else {
        eventfd_read(handle->fd, &count);
        errno = EAGAIN;
    }
    return answer(vec);
}

xs_transaction_t xs_transaction_start(struct xs_handle *handle)
{
    (void)handle;
    if (!ask())
        return answer_bool(false) ? TRANSACTION : XBT_NULL;
    if (xs.in_transaction)
        fail_msg("a transaction within a transaction");
    xs.in_transaction = true;
    xs.disturbed = false;
    xs.nr_transactions++;
    memcpy(xs.before, xs.nodes, sizeof(xs.nodes));
    answer(NULL);
    return TRANSACTION;
}

bool xs_transaction_end(struct xs_handle *handle, xs_transaction_t t, bool abort)
{
    bool conflict;

    (void)handle;
    if (!ask())
        return answer_bool(false);
    if (t != TRANSACTION || !xs.in_transaction)
        fail_msg("no such transaction");
    xs.in_transaction = false;
    conflict = !abort && (xs.disturbed || (xs.nr_conflicts && xs.nr_conflicts--));
    if (abort || conflict)
        memcpy(xs.nodes, xs.before, sizeof(xs.nodes));
    errno = EAGAIN;
    return answer_bool(!conflict);
}
