/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_sim.h"

#include <dirent.h>
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Those that it starts later keep to them, too. A thread may end meanwhile. */
static void keep_threads_to(pid_t pid, const cpu_set_t *cpus)
{
    char path[32];
    struct dirent *task;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    tasks = opendir(path);
    if (!tasks)
        err(1, "%s", path);
    while ((task = readdir(tasks)))
        if (task->d_name[0] != '.')
            sched_setaffinity((pid_t)strtol(task->d_name, NULL, 10), sizeof(*cpus), cpus);
    closedir(tasks);
}

static int first_of(const cpu_set_t *cpus)
{
    int cpu = 0;

    while (!CPU_ISSET(cpu, cpus))
        cpu++;
    return cpu;
}

void bench_keep_together(const struct bench *b, bool together)
{
    static cpu_set_t all, one;

    if (!CPU_COUNT(&all) && sched_getaffinity(0, sizeof(all), &all))
        err(1, "sched_getaffinity");
    CPU_ZERO(&one);
    CPU_SET(first_of(&all), &one);
    keep_threads_to(getpid(), together ? &one : &all);
    keep_threads_to(b->pager, together ? &one : &all);
}
