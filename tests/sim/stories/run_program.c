/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program of the lab on a host with a guest of 96 MiB that never ran, which is domain 1. */
#include <stdio.h>

#include "dom0.h"
#include "host.h"
#include "story.h"

#define NR_RAM (96 * 256)
#define PATIENCE_MS 60000

int story_run(const char *dir, bool patched, char *const args[])
{
    int code;

    host_create(patched, 1, NR_RAM + 1024);
    dom0_start(dir);
    host_lock();
    dom0_introduce(domain_create(NR_RAM, 1)->id);
    host_unlock();
    code = dom0_await_exit(dom0_start_program(args), PATIENCE_MS);
    if (host.complaint[0])
        fprintf(stderr, "%s\n", host.complaint);
    return host.complaint[0] ? 1 : code;
}
