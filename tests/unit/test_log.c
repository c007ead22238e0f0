/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "fake_time.h"
#include "log.h"

#define BURST 10
#define WINDOW_MS 10000

static int setup(void **state)
{
    *state = NULL;
    log_set_level(LOG_LEVEL_INFO);
    fake_time_begin();
    capture_begin();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_time_end();
    return 0;
}

static void a_message_is_one_line_with_time_and_level(void **state)
{
    const char *text;
    int year, hour;

    (void)state;
    log_error("the %s is %d", "answer", 42);
    text = capture_end();
    assert_int_equal(nr_lines(text), 1);
    assert_says(text, "xenpaging2");
    assert_says(text, ": error: the answer is 42\n");
    assert_int_equal(sscanf(text, "%4d-%*2d-%*2d %2d:%*2d:%*2d ", &year, &hour), 2);
}

static void each_level_has_its_name(void **state)
{
    const char *text;

    (void)state;
    log_set_level(LOG_LEVEL_DEBUG);
    log_error("a");
    log_warning("b");
    log_info("c");
    log_debug("d");
    text = capture_end();
    assert_int_equal(nr_lines(text), 4);
    assert_says(text, ": error: a\n");
    assert_says(text, ": warning: b\n");
    assert_says(text, ": c\n");
    assert_says(text, ": debug: d\n");
}

static void what_is_above_the_level_is_not_said(void **state)
{
    (void)state;
    log_debug("no");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("no");
    log_info("no");
    log_limited(LOG_LEVEL_WARNING, "no");
    assert_string_equal(capture_end(), "");
}

static void the_domain_is_named_once_it_is_known(void **state)
{
    (void)state;
    log_set_domid(4294967295u);
    log_info("hello");
    assert_says(capture_end(), "xenpaging2 d4294967295: hello\n");
}

static void a_message_that_is_too_long_is_cut(void **state)
{
    char large[5000];
    const char *text;

    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    log_error("%s", large);
    text = capture_end();
    assert_int_equal(nr_lines(text), 1);
    assert_in_range(strlen(text), 500, 1024);
}

static void say_limited(struct log_limit *limit, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++)
        log_at_limited(limit, LOG_LEVEL_WARNING, "message %u", i);
}

static void a_burst_passes_and_the_rest_is_held_back(void **state)
{
    struct log_limit limit = {0};
    const char *text;

    (void)state;
    say_limited(&limit, 1000);
    text = capture_end();
    assert_int_equal(nr_lines(text), BURST);
    assert_says(text, "message 9\n");
}

static void the_next_window_tells_how_many_were_held_back(void **state)
{
    struct log_limit limit = {0};
    const char *text;

    (void)state;
    say_limited(&limit, BURST + 7);
    fake_time_pass(WINDOW_MS);
    say_limited(&limit, 2);
    text = capture_end();
    assert_int_equal(nr_lines(text), BURST + 2);
    assert_says(text, "message 0 (7 like it not shown)\n");
    assert_says(text, "message 1\n"); /* and not twice */
}

static void the_window_is_not_over_too_early(void **state)
{
    struct log_limit limit = {0};

    (void)state;
    say_limited(&limit, BURST);
    fake_time_pass(WINDOW_MS - 1);
    say_limited(&limit, 5);
    assert_int_equal(nr_lines(capture_end()), BURST);
}

static void a_rare_message_always_passes(void **state)
{
    struct log_limit limit = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        say_limited(&limit, 1);
        fake_time_pass(WINDOW_MS / BURST + 1);
    }
    assert_int_equal(nr_lines(capture_end()), 100);
}

static void each_limit_counts_for_itself(void **state)
{
    struct log_limit one = {0}, other = {0};

    (void)state;
    say_limited(&one, 100);
    say_limited(&other, 100);
    assert_int_equal(nr_lines(capture_end()), 2 * BURST);
}

static void say_here(void)
{
    log_limited(LOG_LEVEL_ERROR, "here");
}

static void each_place_has_a_limit_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++)
        say_here();
    for (int i = 0; i < 50; i++)
        log_limited(LOG_LEVEL_ERROR, "there");
    assert_int_equal(nr_lines(capture_end()), 2 * BURST);
}

static void a_message_that_is_cut_still_tells_how_many_were_held_back(void **state)
{
    struct log_limit limit = {0};
    char large[2000];
    const char *text;

    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    say_limited(&limit, BURST + 7);
    fake_time_pass(WINDOW_MS);
    log_at_limited(&limit, LOG_LEVEL_WARNING, "%s", large);
    text = capture_end();
    assert_int_equal(nr_lines(text), BURST + 1);
    assert_true(text[strlen(text) - 1] == '\n');
}

/* Of a log that somebody should read who does not. The end to read from. */
static int fill_stderr(void)
{
    char page[4096] = "";
    int ends[2];

    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], page, sizeof(page)) > 0)
        continue;
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

static void nobody_waits_for_who_reads_the_log(void **state)
{
    char text[256] = "", page[4096];
    int reader = fill_stderr();

    (void)state;
    alarm(20);
    log_error("a");
    log_error("b");
    while (read(reader, page, sizeof(page)) > 0)
        continue;
    log_error("c");
    alarm(0);
    assert_true(read(reader, text, sizeof(text) - 1) > 0);
    assert_says(text, ": error: c (2 lines before it are lost)\n");
    close(reader);
    capture_end();
}

#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURED(a_message_is_one_line_with_time_and_level),
        CAPTURED(each_level_has_its_name),
        CAPTURED(what_is_above_the_level_is_not_said),
        CAPTURED(the_domain_is_named_once_it_is_known),
        CAPTURED(a_message_that_is_too_long_is_cut),
        CAPTURED(a_burst_passes_and_the_rest_is_held_back),
        CAPTURED(the_next_window_tells_how_many_were_held_back),
        CAPTURED(the_window_is_not_over_too_early),
        CAPTURED(a_rare_message_always_passes),
        CAPTURED(each_limit_counts_for_itself),
        CAPTURED(each_place_has_a_limit_of_its_own),
        CAPTURED(a_message_that_is_cut_still_tells_how_many_were_held_back),
        CAPTURED(nobody_waits_for_who_reads_the_log),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
