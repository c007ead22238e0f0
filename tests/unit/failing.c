/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "failing.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_BLOCKS 4096
#define MAX_CALLS 1000

void *__real_malloc(size_t size);
void *__real_calloc(size_t nr, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__real_mremap(void *old, size_t old_size, size_t size, int flags, ...);
int __real_munmap(void *at, size_t size);
int __real_eventfd(unsigned int count, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
struct event *__real_event_new(struct event_base *base, evutil_socket_t fd, short what,
                               event_callback_fn fn, void *arg);
int __real_event_add(struct event *event, const struct timeval *delay);
void __real_event_free(struct event *event);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t nr, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mremap(void *old, size_t old_size, size_t size, int flags, ...);
int __wrap_munmap(void *at, size_t size);
int __wrap_mlock(const void *at, size_t size);
int __wrap_madvise(void *at, size_t size, int advice);
int __wrap_eventfd(unsigned int count, int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
struct event *__wrap_event_new(struct event_base *base, evutil_socket_t fd, short what,
                               event_callback_fn fn, void *arg);
int __wrap_event_add(struct event *event, const struct timeval *delay);
void __wrap_event_free(struct event *event);

/* The project's threads allocate too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int calls_left;  /* until the one that fails; 0: none fails */
static pthread_t failing_thread; /* its calls are the ones that count */
static int last_error;           /* of the call that failed; 0: none has */
static void *blocks[MAX_BLOCKS];
static struct holdings held;
static unsigned long nr_asked; /* for memory */
static bool sparse;

void fail_nth(unsigned int n)
{
    pthread_mutex_lock(&lock);
    calls_left = n;
    failing_thread = pthread_self();
    last_error = 0;
    pthread_mutex_unlock(&lock);
}

bool fail_this(int error)
{
    bool fails;

    pthread_mutex_lock(&lock);
    fails = calls_left && pthread_equal(pthread_self(), failing_thread) && !--calls_left;
    if (fails)
        last_error = error;
    pthread_mutex_unlock(&lock);
    if (fails)
        errno = error;
    return fails;
}

int failed_with(void)
{
    int error;

    pthread_mutex_lock(&lock);
    error = last_error;
    pthread_mutex_unlock(&lock);
    return error;
}

static void replace_block(void *old, void *new)
{
    for (size_t i = 0; i < MAX_BLOCKS; i++) {
        if (blocks[i] == old) {
            blocks[i] = new;
            held.blocks += new ? 1 : -1;
            return;
        }
    }
    if (new)
        abort(); /* MAX_BLOCKS is too small; a block that is not ours is freed in peace */
}

static void *account(void *block)
{
    pthread_mutex_lock(&lock);
    nr_asked++;
    if (block)
        replace_block(NULL, block);
    pthread_mutex_unlock(&lock);
    return block;
}

static void account_mapping(long more)
{
    pthread_mutex_lock(&lock);
    nr_asked += more > 0;
    held.mapped += more;
    pthread_mutex_unlock(&lock);
}

unsigned long nr_allocations(void)
{
    unsigned long nr;

    pthread_mutex_lock(&lock);
    nr = nr_asked;
    pthread_mutex_unlock(&lock);
    return nr;
}

static long pages_of(size_t size)
{
    return (long)((size + 4095) / 4096 * 4096);
}

void *__wrap_malloc(size_t size)
{
    return fail_this(ENOMEM) ? NULL : account(__real_malloc(size));
}

void *__wrap_calloc(size_t nr, size_t size)
{
    return fail_this(ENOMEM) ? NULL : account(__real_calloc(nr, size));
}

char *__wrap_strdup(const char *text)
{
    return fail_this(ENOMEM) ? NULL : account(__real_strdup(text));
}

void __wrap_free(void *memory)
{
    pthread_mutex_lock(&lock);
    if (memory)
        replace_block(memory, NULL);
    pthread_mutex_unlock(&lock);
    __real_free(memory);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    void *map =
        fail_this(ENOMEM) ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);

    if (map != MAP_FAILED)
        account_mapping(pages_of(size));
    return map;
}

void *__wrap_mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
    void *map = fail_this(ENOMEM) ? MAP_FAILED : __real_mremap(old, old_size, size, flags);

    if (map != MAP_FAILED)
        account_mapping(pages_of(size) - pages_of(old_size));
    return map;
}

int __wrap_munmap(void *at, size_t size)
{
    account_mapping(-pages_of(size));
    return __real_munmap(at, size);
}

void let_memory_be_sparse(bool on)
{
    sparse = on;
}

/* The system calls themselves, because the sanitizers leave locking out. */
int __wrap_mlock(const void *at, size_t size)
{
    return sparse ? 0 : (int)syscall(SYS_mlock, at, size);
}

int __wrap_madvise(void *at, size_t size, int advice)
{
    return sparse ? 0 : (int)syscall(SYS_madvise, at, size, advice);
}

int __wrap_eventfd(unsigned int count, int flags)
{
    return fail_this(EMFILE) ? -1 : __real_eventfd(count, flags);
}

/* unit.mk knows which tests have threads, and leaves the others alone with ThreadSanitizer. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg)
{
    if (getenv("WITHOUT_THREADS"))
        errx(1, "a thread in a test that is not in UNIT_THREADED of unit.mk");
    return fail_this(EAGAIN) ? EAGAIN : __real_pthread_create(thread, attr, fn, arg);
}

static void account_event(long more)
{
    pthread_mutex_lock(&lock);
    held.events += more;
    pthread_mutex_unlock(&lock);
}

struct event *__wrap_event_new(struct event_base *base, evutil_socket_t fd, short what,
                               event_callback_fn fn, void *arg)
{
    struct event *event = fail_this(ENOMEM) ? NULL : __real_event_new(base, fd, what, fn, arg);

    if (event)
        account_event(1);
    return event;
}

int __wrap_event_add(struct event *event, const struct timeval *delay)
{
    return fail_this(ENOMEM) ? -1 : __real_event_add(event, delay);
}

void __wrap_event_free(struct event *event)
{
    account_event(-1);
    __real_event_free(event);
}

void *unfailing_calloc(size_t nr, size_t size)
{
    void *block = __real_calloc(nr, size);

    assert_non_null(block);
    return block;
}

void *unfailing_mmap(int fd, size_t offset, size_t size, int protection, void *at)
{
    int flags = (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) | (at ? MAP_FIXED : 0);
    void *map = __real_mmap(at, size, protection, flags, fd, (off_t)offset);

    assert_true(map != MAP_FAILED);
    return map;
}

void unfailing_munmap(void *at, size_t size)
{
    assert_int_equal(__real_munmap(at, size), 0);
}

void unfailing_free(void *memory)
{
    __real_free(memory);
}

int unfailing_eventfd(void)
{
    int fd = __real_eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static long nr_open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    long nr = 0;

    assert_non_null(dir);
    while (readdir(dir))
        nr++;
    closedir(dir);
    return nr;
}

struct holdings holdings_now(void)
{
    struct holdings now;

    pthread_mutex_lock(&lock);
    now = held;
    pthread_mutex_unlock(&lock);
    now.files = nr_open_files();
    return now;
}

void assert_holds(const struct holdings *before)
{
    struct holdings now = holdings_now();

    assert_int_equal(now.blocks, before->blocks);
    assert_int_equal(now.mapped, before->mapped);
    assert_int_equal(now.events, before->events);
    assert_int_equal(now.files, before->files);
}

static int attempt_failing(int (*attempt)(void *arg), void *arg, unsigned int n, int *error)
{
    int rc;

    fail_nth(n);
    rc = attempt(arg);
    *error = failed_with();
    fail_nth(0);
    return rc;
}

void check_every_failure(int (*attempt)(void *arg), void *arg)
{
    const struct holdings before = holdings_now();
    int rc, error;

    for (unsigned int n = 1; n < MAX_CALLS; n++) {
        rc = attempt_failing(attempt, arg, n, &error);
        assert_holds(&before);
        if (!error) {
            assert_int_equal(rc, 0);
            assert_true(n > 1); /* else nothing was tried */
            return;
        }
        if (rc != -error && rc != -ENOMEM)
            fail_msg("call %u failed with errno %d, and that came up as %d", n, error, rc);
    }
    fail_msg("too many calls");
}
