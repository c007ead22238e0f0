/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Through xenstore.c, which has written all that is queued once it is closed. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "failing.h"
#include "fake_time.h"
#include "fake_xs.h"
#include "loop.h"
#include "status.h"
#include "xenstore.h"

#define PAGING "/libxl/7/paging/"

static struct event_base *base;
static struct xenstore *xs;
static struct status *status;
static struct status_values values;
static unsigned int nr_fills;

static void fill(void *arg, struct status_values *now)
{
    assert_ptr_equal(arg, &values);
    nr_fills++;
    *now = values;
}

static void open_xenstore(void)
{
    char message[256];

    assert_int_equal(xenstore_open("/local/domain/7", &xs, message, sizeof(message)), 0);
    assert_int_equal(xenstore_start(xs, base), 0);
}

static int setup(void **state)
{
    *state = NULL;
    fake_xs_reset();
    fake_xs_set("/local/domain/7", "");
    memset(&values, 0, sizeof(values));
    nr_fills = 0;
    base = loop_create();
    open_xenstore();
    fake_time_begin();
    status = status_create(base, xs, 7, fill, &values);
    return status ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    status_destroy(status);
    fake_time_end();
    xenstore_close(xs);
    event_base_free(base);
    return 0;
}

/* Then all is opened again for what is to come. */
static void write_all(void)
{
    status_destroy(status);
    xenstore_close(xs);
    open_xenstore();
    status = status_create(base, xs, 7, fill, &values);
    assert_non_null(status);
}

static void wait_for_writes(const char *path, unsigned int nr)
{
    for (int ms = 0; fake_xs_nr_writes(path) < nr; ms++) {
        assert_true(ms < 60000);
        poll(NULL, 0, 1);
    }
}

static void assert_node(const char *path, const char *expected)
{
    char value[256];

    if (!fake_xs_get(path, value))
        fail_msg("there is no %s", path);
    assert_string_equal(value, expected);
}

static void assert_no_node(const char *path)
{
    char value[256];

    if (fake_xs_get(path, value))
        fail_msg("there is a %s", path);
}

static void every_number_has_its_node(void **state)
{
    static const char *const nodes[] = {
        "resident",        "paged",    "target", "page-ins",   "page-outs",
        "page-outs-clean", "refaults", "drops",  "lost",       "prefetched",
        "prefetched-used", "retries",  "parked", "store-bytes"};
    char path[64], expected[32];

    (void)state;
    values = (struct status_values){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, UINT64_MAX - 1};
    status_flush(status);
    write_all();
    for (size_t i = 0; i < 14; i++) {
        snprintf(path, sizeof(path), PAGING "status/%s", nodes[i]);
        snprintf(expected, sizeof(expected), "%zu", i + 1);
        assert_node(path, i < 13 ? expected : "18446744073709551614");
    }
}

static void zeros_are_written_at_first_too(void **state)
{
    (void)state;
    status_flush(status);
    write_all();
    assert_node(PAGING "status/paged", "0");
    assert_node(PAGING "status/store-bytes", "0");
}

static void only_what_changed_is_written(void **state)
{
    (void)state;
    values.paged = 4;
    status_flush(status);
    wait_for_writes(PAGING "status/store-bytes", 1);
    values.paged = 8;
    status_flush(status);
    wait_for_writes(PAGING "status/paged", 2);
    assert_int_equal(fake_xs_nr_writes(PAGING "status/resident"), 1);
    assert_int_equal(fake_xs_nr_writes(PAGING "status/store-bytes"), 1);
    assert_node(PAGING "status/paged", "8");
}

static void many_touches_make_one_write_in_a_second(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        status_touch(status);
    assert_int_equal(nr_fills, 0);
    loop_for(base, 900);
    assert_int_equal(nr_fills, 0);
    loop_for(base, 200);
    assert_int_equal(nr_fills, 1);
    loop_for(base, 10000);
    assert_int_equal(nr_fills, 1); /* and nothing more without a touch */
    status_touch(status);
    loop_for(base, 1100);
    assert_int_equal(nr_fills, 2);
}

static void touching_all_the_time_does_not_put_it_off(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        status_touch(status);
        loop_for(base, 100);
    }
    assert_in_range(nr_fills, 4, 5);
}

static void the_state_is_a_node(void **state)
{
    (void)state;
    status_set_state(status, "running");
    write_all();
    assert_node(PAGING "state", "running");
    status_set_state(status, NULL);
    write_all();
    assert_no_node(PAGING "state");
}

static void the_error_is_a_node(void **state)
{
    (void)state;
    status_set_error(status, "gfn 0x1 cannot be brought back");
    write_all();
    assert_node(PAGING "error", "gfn 0x1 cannot be brought back");
    status_set_error(status, NULL);
    write_all();
    assert_no_node(PAGING "error");
}

static void the_process_is_a_node_if_somebody_asks_for_it(void **state)
{
    (void)state;
    status_set_process(status, 4711);
    write_all();
    assert_no_node(PAGING "pid");
    fake_xs_set(PAGING "pid", "1");
    status_set_process(status, 4711);
    write_all();
    assert_node(PAGING "pid", "4711");
}

static int create_and_destroy(void *arg)
{
    struct status *other = status_create(base, xs, 7, fill, &values);

    (void)arg;
    if (!other)
        return -errno;
    status_destroy(other);
    return 0;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(create_and_destroy, NULL);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    status_destroy(NULL);
}

#define WITH_STATUS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STATUS(every_number_has_its_node),
        WITH_STATUS(zeros_are_written_at_first_too),
        WITH_STATUS(only_what_changed_is_written),
        WITH_STATUS(many_touches_make_one_write_in_a_second),
        WITH_STATUS(touching_all_the_time_does_not_put_it_off),
        WITH_STATUS(the_state_is_a_node),
        WITH_STATUS(the_error_is_a_node),
        WITH_STATUS(the_process_is_a_node_if_somebody_asks_for_it),
        WITH_STATUS(failure_to_create_leaves_nothing_behind),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
