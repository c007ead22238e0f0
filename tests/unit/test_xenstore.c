/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "failing.h"
#include "fake_xs.h"
#include "loop.h"
#include "xenstore.h"

#define GUARD "/local/domain/7"
#define TARGET "/local/domain/7/memory/target-tot_pages"
#define STATE "/libxl/7/paging/state"

static struct event_base *base;
static struct xenstore *xs;
static char message[256];

static char last_value[256];
static unsigned int nr_calls, nr_none;

static int open_xenstore(void)
{
    return xenstore_open(GUARD, &xs, message, sizeof(message));
}

static int setup(void **state)
{
    *state = NULL;
    be_quiet(true);
    fake_xs_reset();
    fake_xs_set(GUARD, "");
    nr_calls = nr_none = 0;
    last_value[0] = '\0';
    base = loop_create();
    return open_xenstore();
}

static int teardown(void **state)
{
    (void)state;
    xenstore_close(xs);
    assert_int_equal(fake_xs_nr_open(), 0);
    event_base_free(base);
    be_quiet(false);
    return 0;
}

static void watched(void *arg, const char *value)
{
    assert_ptr_equal(arg, &nr_calls);
    nr_calls++;
    nr_none += !value;
    snprintf(last_value, sizeof(last_value), "%s", value ? value : "");
}

static void start_watching(const char *path)
{
    assert_int_equal(xenstore_watch(xs, path, watched, &nr_calls), 0);
    assert_int_equal(xenstore_start(xs, base), 0);
}

static bool has_been_called(void *arg)
{
    return nr_calls >= *(unsigned int *)arg;
}

static void wait_for_calls(unsigned int nr)
{
    loop_until(base, has_been_called, &nr);
}

static void wait_for_node(const char *path, const char *expected)
{
    char value[256];

    for (int ms = 0; ms < 5000; ms++) {
        bool there = fake_xs_get(path, value);

        if (expected ? there && !strcmp(value, expected) : !there)
            return;
        poll(NULL, 0, 1);
    }
    fail_msg("%s did not become %s", path, expected ? expected : "nothing");
}

/* --- The thread. --- */

static unsigned int nr_threads_of(int policy)
{
    DIR *tasks = opendir("/proc/self/task");
    unsigned int nr = 0;

    for (struct dirent *task; (task = readdir(tasks));)
        nr += atoi(task->d_name) && sched_getscheduler(atoi(task->d_name)) == policy;
    closedir(tasks);
    return nr;
}

static void what_the_thread_is_told_does_not_take_the_processor_from_others(void **state)
{
    (void)state;
    start_watching(TARGET);
    wait_for_calls(1); /* its first words */
    assert_int_equal(nr_threads_of(SCHED_BATCH), 1);
}

/* --- Reading and watching. --- */

static void a_node_can_be_read_before_the_start(void **state)
{
    char *value;

    (void)state;
    fake_xs_set(TARGET, "1234");
    value = xenstore_read(xs, TARGET);
    assert_string_equal(value, "1234");
    free(value);
    errno = 0;
    assert_null(xenstore_read(xs, "/not/there"));
    assert_int_equal(errno, ENOENT);
}

static void a_watch_is_called_once_at_first(void **state)
{
    (void)state;
    fake_xs_set(TARGET, "1234");
    start_watching(TARGET);
    assert_int_equal(nr_calls, 0); /* from the loop only */
    wait_for_calls(1);
    assert_string_equal(last_value, "1234");
}

static void a_watch_is_called_with_each_change(void **state)
{
    char value[32];

    (void)state;
    start_watching(TARGET);
    wait_for_calls(1);
    assert_int_equal(nr_none, 1); /* there is no node yet */
    for (unsigned int i = 0; i < 100; i++) {
        snprintf(value, sizeof(value), "%u", i);
        fake_xs_set(TARGET, value);
        wait_for_calls(i + 2);
        assert_string_equal(last_value, value);
    }
}

static void a_node_that_goes_is_told_of(void **state)
{
    (void)state;
    fake_xs_set(TARGET, "1");
    start_watching(TARGET);
    wait_for_calls(1);
    fake_xs_set(TARGET, NULL);
    wait_for_calls(2);
    assert_int_equal(nr_none, 1);
}

static void a_special_watch_has_no_value(void **state)
{
    (void)state;
    start_watching("@releaseDomain");
    wait_for_calls(1);
    fake_xs_fire("@releaseDomain");
    wait_for_calls(2);
    assert_int_equal(nr_none, 2);
}

static void other_called(void *arg, const char *value)
{
    (void)value;
    ++*(unsigned int *)arg;
}

static void each_watch_calls_its_own_function(void **state)
{
    unsigned int nr_other = 0;

    (void)state;
    fake_xs_set(TARGET, "5");
    assert_int_equal(xenstore_watch(xs, "@releaseDomain", other_called, &nr_other), 0);
    start_watching(TARGET);
    loop_until(base, has_been_called, &(unsigned int){1});
    while (!nr_other)
        event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(nr_calls, 1);
    assert_int_equal(nr_other, 1);
}

static void more_watches_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(xenstore_watch(xs, TARGET, watched, &nr_calls), 0);
    assert_int_equal(xenstore_watch(xs, TARGET, watched, &nr_calls), -ENOSPC);
}

/* --- Writing. --- */

static void a_value_is_written(void **state)
{
    (void)state;
    assert_int_equal(xenstore_start(xs, base), 0);
    xenstore_write(xs, STATE, "running");
    wait_for_node(STATE, "running");
}

static void nothing_removes_a_node(void **state)
{
    (void)state;
    fake_xs_set(STATE, "failed");
    assert_int_equal(xenstore_start(xs, base), 0);
    xenstore_write(xs, STATE, NULL);
    wait_for_node(STATE, NULL);
    xenstore_write(xs, STATE, NULL); /* once more is no error */
    xenstore_write(xs, TARGET, "after it");
    wait_for_node(TARGET, "after it");
}

static void what_is_written_before_the_start_is_not_lost(void **state)
{
    (void)state;
    xenstore_write(xs, STATE, "starting");
    assert_int_equal(xenstore_start(xs, base), 0);
    wait_for_node(STATE, "starting");
}

/* While xenstored is slow, only the last value for a node is kept. */
static void a_queued_value_is_replaced(void **state)
{
    char value[32];

    (void)state;
    assert_int_equal(xenstore_start(xs, base), 0);
    fake_xs_hang(true);
    for (int i = 0; i < 1000; i++) {
        snprintf(value, sizeof(value), "%d", i);
        xenstore_write(xs, STATE, value);
    }
    xenstore_write(xs, TARGET, "last");
    fake_xs_hang(false);
    wait_for_node(STATE, "999");
    wait_for_node(TARGET, "last");
    assert_in_range(fake_xs_nr_writes(STATE), 1, 3);
}

static void writing_never_waits(void **state)
{
    (void)state;
    start_watching(TARGET);
    fake_xs_hang(true);
    for (int i = 0; i < 100; i++)
        xenstore_write(xs, STATE, "running"); /* it would hang here */
    loop_for(base, 1);
    fake_xs_hang(false);
    wait_for_node(STATE, "running");
}

static void a_conflict_is_tried_again_and_again(void **state)
{
    (void)state;
    fake_xs_conflict(50);
    assert_int_equal(xenstore_start(xs, base), 0);
    xenstore_write(xs, STATE, "running");
    wait_for_node(STATE, "running");
    assert_true(fake_xs_nr_transactions() > 50);
}

static void without_the_guard_nothing_is_written(void **state)
{
    char value[256];

    (void)state;
    assert_int_equal(xenstore_start(xs, base), 0);
    xenstore_write(xs, STATE, "running");
    wait_for_node(STATE, "running");
    fake_xs_set(GUARD, NULL); /* the domain is destroyed, and all its nodes are removed */
    fake_xs_set(STATE, NULL);
    xenstore_write(xs, STATE, "stopped");
    xenstore_close(xs);
    assert_false(fake_xs_get(STATE, value));
    assert_int_equal(open_xenstore(), 0);
}

static void a_failed_write_takes_back_those_before_it(void **state)
{
    char value[256];

    (void)state;
    fake_xs_fail_write(EACCES);
    xenstore_write(xs, STATE, "running");
    xenstore_write(xs, TARGET, "never");
    assert_int_equal(xenstore_start(xs, base), 0);
    while (!fake_xs_nr_transactions())
        poll(NULL, 0, 1);
    xenstore_write(xs, "/libxl/7/paging/error", "later");
    wait_for_node("/libxl/7/paging/error", "later");
    assert_false(fake_xs_get(STATE, value));
    assert_false(fake_xs_get(TARGET, value));
}

/* --- The end. --- */

static void closing_writes_what_is_queued(void **state)
{
    char value[256];

    (void)state;
    assert_int_equal(xenstore_start(xs, base), 0);
    xenstore_write(xs, STATE, "stopped");
    xenstore_close(xs);
    assert_true(fake_xs_get(STATE, value));
    assert_string_equal(value, "stopped");
    assert_int_equal(open_xenstore(), 0);
}

static void closing_without_a_start_is_allowed(void **state)
{
    (void)state;
    xenstore_write(xs, STATE, "never"); /* and what is queued is let go */
    xenstore_close(xs);
    assert_int_equal(open_xenstore(), 0);
    xenstore_close(NULL);
}

static void values_that_nobody_took_are_let_go(void **state)
{
    (void)state;
    start_watching(TARGET);
    for (int i = 0; i < 10; i++)
        fake_xs_set(TARGET, "1");
    poll(NULL, 0, 20); /* the loop does not run */
}

static void a_connection_that_is_cut_is_survived(void **state)
{
    (void)state;
    start_watching(TARGET);
    wait_for_calls(1);
    fake_xs_cut();
    poll(NULL, 0, 20);
    for (int i = 0; i < 1000; i++)
        xenstore_write(xs, STATE, "running");
    loop_for(base, 1);
}

static void close_while_xenstored_hangs(void)
{
    setup((void *[]){NULL});
    assert_int_equal(xenstore_start(xs, base), 0);
    fake_xs_be_impatient();
    fake_xs_hang(true);
    xenstore_write(xs, STATE, "stopped");
    xenstore_close(xs);
    _exit(0);
}

/* In a child, because the thread and all that it uses have to stay. */
static void closing_does_not_wait_for_ever(void **state)
{
    int status = -1;
    pid_t child = fork();

    (void)state;
    if (!child) {
        alarm(60);
        close_while_xenstored_hangs();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_refused_connection_is_explained(void **state)
{
    (void)state;
    fake_xs_reset();
    fake_xs_refuse(ENOENT);
    assert_int_equal(open_xenstore(), -ENOENT);
    assert_one_line(message);
    assert_says(message, "xenstored");
}

static int open_use_and_close(int (*use)(void))
{
    int rc;

    fake_xs_reset();
    fake_xs_set(GUARD, "");
    rc = open_xenstore();
    if (rc) {
        assert_one_line(message);
        return rc;
    }
    rc = use();
    xenstore_close(xs);
    assert_int_equal(fake_xs_nr_open(), 0);
    return rc;
}

static int watch(void)
{
    return xenstore_watch(xs, TARGET, watched, &nr_calls);
}

static int start(void)
{
    return xenstore_start(xs, base);
}

static int attempt(void *arg)
{
    (void)arg;
    return open_use_and_close(watch) ?: open_use_and_close(start);
}

static void failure_to_open_or_start_leaves_nothing_behind(void **state)
{
    (void)state;
    base = loop_create();
    be_quiet(true);
    check_every_failure(attempt, NULL);
    be_quiet(false);
    event_base_free(base);
}

/* The value is lost, and said to be; the next one is written. */
static void without_memory_a_value_is_not_written(void **state)
{
    const char *said;

    (void)state;
    assert_int_equal(xenstore_start(xs, base), 0);
    for (unsigned int n = 1; n < 4; n++) { /* the value, the note, its path */
        be_quiet(false);
        capture_begin();
        fail_nth(n);
        xenstore_write(xs, STATE, "running");
        assert_int_equal(failed_with(), ENOMEM);
        fail_nth(0);
        said = capture_end();
        be_quiet(true);
        assert_says(said, "no memory to write " STATE);
    }
    assert_int_equal(fake_xs_nr_writes(STATE), 0);
    xenstore_write(xs, STATE, "stopped");
    wait_for_node(STATE, "stopped");
}

#define WITH_XENSTORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_XENSTORE(a_node_can_be_read_before_the_start),
        WITH_XENSTORE(a_watch_is_called_once_at_first),
        WITH_XENSTORE(a_watch_is_called_with_each_change),
        WITH_XENSTORE(a_node_that_goes_is_told_of),
        WITH_XENSTORE(a_special_watch_has_no_value),
        WITH_XENSTORE(each_watch_calls_its_own_function),
        WITH_XENSTORE(more_watches_than_there_is_room_for_are_refused),
        WITH_XENSTORE(a_value_is_written),
        WITH_XENSTORE(nothing_removes_a_node),
        WITH_XENSTORE(what_is_written_before_the_start_is_not_lost),
        WITH_XENSTORE(a_queued_value_is_replaced),
        WITH_XENSTORE(writing_never_waits),
        WITH_XENSTORE(a_conflict_is_tried_again_and_again),
        WITH_XENSTORE(without_the_guard_nothing_is_written),
        WITH_XENSTORE(a_failed_write_takes_back_those_before_it),
        WITH_XENSTORE(closing_writes_what_is_queued),
        WITH_XENSTORE(closing_without_a_start_is_allowed),
        WITH_XENSTORE(values_that_nobody_took_are_let_go),
        WITH_XENSTORE(a_connection_that_is_cut_is_survived),
        WITH_XENSTORE(what_the_thread_is_told_does_not_take_the_processor_from_others),
        cmocka_unit_test(closing_does_not_wait_for_ever),
        cmocka_unit_test(a_refused_connection_is_explained),
        cmocka_unit_test(failure_to_open_or_start_leaves_nothing_behind),
        WITH_XENSTORE(without_memory_a_value_is_not_written),
    };

    return cmocka_run_group_tests_name("xenstore", tests, NULL, NULL);
}
