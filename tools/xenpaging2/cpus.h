/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processors of dom0: which ones the pager is to run on. */
#ifndef XENPAGING2_CPUS_H
#define XENPAGING2_CPUS_H

#include <sched.h>
#include <stdbool.h>

/*
 * Reads a list as taskset(1) and the kernel have it: numbers and ranges, "0,2-3". False, with *set
 * undefined, for anything else, and for numbers from CPU_SETSIZE on.
 */
bool cpus_parse(cpu_set_t *set, const char *text);

/* Has this thread, and all threads and processes that it starts from now on, run on these only. 0,
 * or a negative errno: -EINVAL if dom0 has none of them. */
int cpus_use(const cpu_set_t *set);

#endif
