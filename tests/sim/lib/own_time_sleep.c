/* SPDX-License-Identifier: GPL-2.0-or-later */
/* epoll_wait() of pagers whose own time is taken: what it takes to wake up is not theirs. */
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "own_time.h"

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    uint64_t start_ns = own_time_call();
    int nr = (int)syscall(SYS_epoll_wait, fd, events, max, timeout);

    own_time_woke(start_ns);
    return nr;
}
