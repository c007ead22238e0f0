/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The key, and how it gets to the program that is executed next. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "failing.h"
#include "secret.h"
#include "store_seal.h"

#define LEFT "XENPAGING2_SECRET"

static struct store_secret *secret;
static bool was_left;

static int setup(void **state)
{
    *state = NULL;
    be_quiet(true);
    unsetenv(LEFT);
    secret = secret_create(&was_left);
    return !secret;
}

static int teardown(void **state)
{
    (void)state;
    secret_destroy(secret);
    secret_withdraw();
    be_quiet(false);
    return 0;
}

static int fd_that_was_left(void)
{
    return getenv(LEFT) ? atoi(getenv(LEFT)) : -1;
}

/* What the next program has for a key. */
static bool has_the_same(void)
{
    struct store_secret *next = secret_create(&was_left);
    bool same;

    assert_non_null(next);
    same = !memcmp(next, secret, sizeof(*next));
    secret_destroy(next);
    assert_null(getenv(LEFT));
    assert_int_equal(was_left, same);
    return same;
}

static void each_is_another(void **state)
{
    (void)state;
    assert_int_not_equal(secret->id, 0);
    assert_false(has_the_same());
}

static void what_is_left_is_taken_once(void **state)
{
    int fd;

    (void)state;
    secret->epoch = 7;
    assert_int_equal(secret_leave(secret), 0);
    fd = fd_that_was_left();
    assert_int_equal(fcntl(fd, F_GETFD), 0); /* so that it outlives an execv() */
    assert_true(has_the_same());
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_false(has_the_same());
}

static void what_is_left_cannot_be_changed(void **state)
{
    (void)state;
    assert_int_equal(secret_leave(secret), 0);
    assert_int_equal(pwrite(fd_that_was_left(), "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd_that_was_left(), 0), -1);
    assert_true(has_the_same());
}

static void what_is_withdrawn_is_gone(void **state)
{
    int fd;

    (void)state;
    assert_int_equal(secret_leave(secret), 0);
    fd = fd_that_was_left();
    secret_withdraw();
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_false(has_the_same());
}

/* It is the user's environment, and his descriptor. */
static void what_we_did_not_leave_is_let_alone(void **state)
{
    char number[16];
    int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);

    (void)state;
    snprintf(number, sizeof(number), "%d", fd);
    setenv(LEFT, number, 1);
    assert_false(has_the_same());
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
    setenv(LEFT, "no number", 1);
    assert_false(has_the_same());
}

static int make_and_leave(void *arg)
{
    struct store_secret *made = secret_create(&was_left);
    int rc = made ? secret_leave(made) : -errno;

    (void)arg;
    if (!rc)
        secret_withdraw();
    secret_destroy(made);
    return rc;
}

static void failure_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(make_and_leave, NULL);
}

#define WITH_SECRET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SECRET(each_is_another),
        WITH_SECRET(what_is_left_is_taken_once),
        WITH_SECRET(what_is_left_cannot_be_changed),
        WITH_SECRET(what_is_withdrawn_is_gone),
        WITH_SECRET(what_we_did_not_leave_is_let_alone),
        WITH_SECRET(failure_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
