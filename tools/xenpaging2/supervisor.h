/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small process that does nothing but wait for the death of another one, which does the work. If
 * that dies with pages out, the domain is paused and a new one takes over; if that fails again and
 * again, the domain stays paused, which is better than dead.
 */
#ifndef XENPAGING2_SUPERVISOR_H
#define XENPAGING2_SUPERVISOR_H

#include <stdint.h>

struct store_secret;
struct supervised;

/* What a worker does, in a process of its own, with the key of all of them; returns its exit code.
 */
typedef int supervisor_work_fn(void *arg, struct supervised *supervised,
                               const struct store_secret *secret);

/*
 * Runs work(arg, ...) for the domain until it comes to an end of its own, and returns its exit
 * code. SIGTERM and SIGINT are passed on to it. With SIGUSR2, program is executed with argv in the
 * place of this process, to take over, if it can say its --version with argv behind. To be called
 * before there are threads, or anything is open.
 */
int supervisor_run(uint32_t domid, supervisor_work_fn *work, void *arg, const char *program,
                   char **argv);

#endif
