/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_time.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define START_MS 1000000

static bool faking;
static int64_t now_ms;

void fake_time_begin(void)
{
    faking = true;
    now_ms = START_MS;
}

void fake_time_end(void)
{
    faking = false;
}

int64_t fake_time_ms(void)
{
    return now_ms;
}

void fake_time_pass(int64_t ms)
{
    now_ms += ms;
}

/* These two stand before the C library's, for libevent too. */
int clock_gettime(clockid_t clock, struct timespec *ts)
{
    if (!faking || (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE))
        return (int)syscall(SYS_clock_gettime, clock, ts);
    ts->tv_sec = (time_t)(now_ms / 1000);
    ts->tv_nsec = (long)(now_ms % 1000 * 1000000);
    return 0;
}

/* With nothing ready and no timer, the loop would wait for ever: that is an error here. */
int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    long nr = syscall(SYS_epoll_wait, fd, events, max, faking ? 0 : timeout_ms);

    if (!faking || nr)
        return (int)nr;
    if (timeout_ms < 0) {
        errno = EDEADLK;
        return -1;
    }
    now_ms += timeout_ms;
    return 0;
}
