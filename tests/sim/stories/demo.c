/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The demonstration, as scenarios/demo.sh of the lab: a guest is squeezed to half, works like that,
 * gets its memory back. The lines that begin with "demo:" are drawn by the lab's demo.awk.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "dom0.h"
#include "guest.h"
#include "story.h"

#define MIB 256u /* pages */
#define TOTAL (256 * MIB)
#define HALF (128 * MIB)
#define RAISED (192 * MIB)
#define SLACK (1 * MIB)
#define PATIENCE_MS 60000

static struct guest guest = {.nr_ram = TOTAL, .region = 72 * MIB, .zero = 20, .writes = 20};
static pid_t pager;

static void say(const char *what, const char *phase)
{
    host_lock();
    printf("0 sim demo: %s %s %u %lu %lu", what, phase, TOTAL / MIB,
           (unsigned long)guest.domain->tot_pages / MIB,
           (unsigned long)guest.domain->paged_pages / MIB);
    host_unlock();
    printf(" %lu %lu %lu\n",
           (unsigned long)dom0_number("/libxl/%u/paging/status/page-ins", guest.domain->id),
           (unsigned long)guest_rounds(&guest), (unsigned long)guest.bad);
    fflush(stdout);
}

static bool is_resident(void *arg)
{
    uint64_t wanted = *(uint64_t *)arg, tot = guest.domain->tot_pages;

    return tot + SLACK >= wanted && tot <= wanted + SLACK;
}

static bool has_done_rounds(void *arg)
{
    return guest_rounds(&guest) >= *(uint64_t *)arg;
}

static bool pager_has_ended(void *arg)
{
    (void)arg;
    return dom0_await_exit(pager, 0) == 0;
}

/* The figures come from xenstore, where the pager leaves them once a second, and at its end. */
static void phase(const char *name, const char *text, bool (*is)(void *), uint64_t wanted)
{
    uint64_t start = now_ms(), seen;

    printf("0 sim demo: phase %s %s\n", name, text);
    while (!wait_until(is, &wanted, 250)) {
        say("now", name);
        if (now_ms() - start > PATIENCE_MS)
            errx(1, "phase %s takes too long", name);
    }
    seen = now_ms() - start;
    say("now", name);
    printf("0 sim demo: done %s %lu.%lu %lu %lu %lu %lu\n", name, (unsigned long)seen / 1000,
           (unsigned long)seen % 1000 / 100,
           (unsigned long)dom0_number("/libxl/%u/paging/status/page-outs", guest.domain->id),
           (unsigned long)dom0_number("/libxl/%u/paging/status/page-ins", guest.domain->id),
           (unsigned long)guest_rounds(&guest), (unsigned long)guest.bad);
    fflush(stdout);
}

int story_demo(const char *dir, bool patched)
{
    host_create(patched, 1, TOTAL + 64 * MIB);
    dom0_start(dir);
    printf("0 sim demo: say a simulated guest of %u MiB works on %lu MiB of them\n", TOTAL / MIB,
           (unsigned long)guest.region / MIB);
    guest_create(&guest, 2);
    dom0_introduce(guest.domain->id);
    pager = dom0_start_xenpaging2(guest.domain->id, "clock");
    guest_start(&guest);
    dom0_set_target(guest.domain->id, HALF);
    phase("squeeze", "its target is now 128 MiB", is_resident, HALF);
    phase("work", "it works, half of its memory is out", has_done_rounds,
          guest_rounds(&guest) + 15);
    dom0_set_target(guest.domain->id, RAISED);
    phase("raise", "its target is now 192 MiB", is_resident, RAISED);
    kill(pager, SIGTERM);
    phase("drain", "the pager is asked to end: everything comes back", pager_has_ended, 0);
    if (!guest_stop(&guest, PATIENCE_MS))
        errx(1, "the guest does not run on");
    guest_verify(&guest);
    if (host.complaint[0])
        errx(1, "%s", host.complaint);
    printf("demo pass\n");
    return 0;
}
