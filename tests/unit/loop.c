/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "loop.h"

#include <event2/event.h>

#include "clock_ms.h"
#include "priorities.h"

#define PATIENCE_MS 60000
#define MAX_TURNS 1000000

struct event_base *loop_create(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    assert_int_equal(event_config_set_max_dispatch_interval(config, NULL, 1, PRIORITY_BACKGROUND),
                     0);
    base = event_base_new_with_config(config);
    event_config_free(config);
    assert_non_null(base);
    assert_int_equal(event_base_priority_init(base, NR_PRIORITIES), 0);
    return base;
}

static void turn(struct event_base *base, int flags)
{
    if (event_base_loop(base, flags) < 0)
        fail_msg("the loop waits for nothing");
}

static void run(struct event_base *base, bool (*done)(void *arg), void *arg, int64_t patience_ms)
{
    int64_t end = clock_ms() + patience_ms;

    for (int turns = 0; !done(arg); turns++) {
        assert_true(turns < MAX_TURNS);
        assert_true(clock_ms() < end);
        turn(base, EVLOOP_ONCE);
    }
}

void loop_until(struct event_base *base, bool (*done)(void *arg), void *arg)
{
    run(base, done, arg, PATIENCE_MS);
}

void loop_settle(struct event_base *base)
{
    do
        turn(base, EVLOOP_NONBLOCK);
    while (event_base_get_num_events(base, EVENT_BASE_COUNT_ACTIVE));
}

static void time_is_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    *(bool *)arg = true;
}

static bool is_true(void *arg)
{
    return *(bool *)arg;
}

void loop_for(struct event_base *base, int64_t ms)
{
    struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    bool over = false;
    struct event *timer = event_new(base, -1, 0, time_is_over, &over);

    assert_non_null(timer);
    assert_int_equal(event_priority_set(timer, PRIORITY_SERVE), 0);
    assert_int_equal(event_add(timer, &delay), 0);
    run(base, is_true, &over, ms + PATIENCE_MS);
    event_free(timer);
}
