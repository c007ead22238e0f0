/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kill_point.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared_file.h"

static struct kill_plan *plan;

__attribute__((constructor)) static void read_environment(void)
{
    plan = shared_file_open("SIM_KILL", sizeof(*plan));
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
