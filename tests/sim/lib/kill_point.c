/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kill_point.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct kill_plan *plan;

__attribute__((constructor)) static void read_environment(void)
{
    const char *path = getenv("SIM_KILL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (plan == MAP_FAILED)
        abort();
    close(fd);
}

bool kill_point_is_planned(void)
{
    return plan;
}

bool kill_point_begin(enum kill_how *how)
{
    if (!plan || __atomic_add_fetch(&plan->nr_calls, 1, __ATOMIC_RELAXED) != plan->at)
        return false;
    *how = (enum kill_how)plan->how;
    if (*how == KILL_BEFORE)
        kill_point_die();
    return true;
}

_Noreturn void kill_point_die(void)
{
    plan->at = plan->again ? plan->nr_calls + plan->again : 0;
    if (!plan->repeat)
        plan->again = 0;
    plan->nr_deaths++;
    for (;;) /* the one way that the pager may send itself a signal */
        syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGKILL);
}
