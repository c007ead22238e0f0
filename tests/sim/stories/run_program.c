/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of the lab on a host with a paused guest of 96 MiB that never ran, which is domain 1.
 */
#include <err.h>
#include <stdio.h>

#include "dom0.h"
#include "host.h"
#include "story.h"

#define NR_RAM (96 * 256)
#define PATIENCE_MS 300000

int story_run(const char *dir, bool patched, char *const args[])
{
    struct domain *d;
    int code;

    host_create(patched, 1, NR_RAM + 1024);
    dom0_start(dir);
    host_lock();
    d = domain_create(NR_RAM, 1);
    d->pauses = 1;
    dom0_introduce(d->id);
    host_unlock();
    if (pthread_create(&d->vcpus[0].thread, NULL, processor_run, &d->vcpus[0]))
        err(1, "pthread_create");
    code = dom0_await_exit(dom0_start_program(args), PATIENCE_MS);
    if (host.complaint[0])
        fprintf(stderr, "%s\n", host.complaint);
    return host.complaint[0] ? 1 : code;
}
