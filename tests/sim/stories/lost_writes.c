/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of dom0 write to pages that go out and in all the time. On a stock Xen some of what they
 * write has to be lost, as it is on a real one, or this simulator knows less than it should. On a
 * patched one it is a complaint.
 */
#include <signal.h>
#include <stdio.h>

#include "dom0.h"
#include "guest.h"
#include "mappers.h"
#include "story.h"

#define PATIENCE_MS 60000

static struct guest guest = {.nr_ram = 512, .region = 64, .mapped = 448, .writes = 20};

static bool a_write_is_lost(void *arg)
{
    (void)arg;
    return mappers_lost() > 0;
}

int story_stock_loses_writes(const char *dir)
{
    pid_t pager;

    host_create(false, 1, 1024);
    dom0_start(dir);
    guest_create(&guest, 1);
    dom0_introduce(guest.domain->id);
    dom0_write("64", "/libxl/%u/paging/target-min", guest.domain->id);
    pager = dom0_start_xenpaging2(guest.domain->id, "random", NULL);
    guest_start(&guest);
    dom0_set_target(guest.domain->id, 128);
    for (unsigned int i = 0; i < MAX_MAPPERS; i++)
        mapper_start(&guest, i, true);
    if (!wait_until(a_write_is_lost, NULL, PATIENCE_MS))
        complain("no write of dom0's is lost");
    mappers_stop();
    kill(pager, SIGTERM);
    if (dom0_await_exit(pager, PATIENCE_MS))
        complain("the pager does not end well");
    if (!guest_stop(&guest, PATIENCE_MS))
        complain("a vCPU stands still");
    if (host.complaint[0])
        fprintf(stderr, "%s\n", host.complaint);
    return host.complaint[0] != 0;
}
