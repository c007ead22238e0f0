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

static struct guest guest = {.nr_ram = TOTAL, .region = 64 * MIB, .zero = 20, .writes = 20};
static pid_t pager;

/* The end of a line: what the guest has done so far. */
static void print_work(void)
{
    printf(" %lu %lu %lu\n", (unsigned long)guest.domain->page_ins,
           (unsigned long)guest_rounds(&guest), (unsigned long)guest.bad);
    fflush(stdout);
}

static void say_now(const char *phase)
{
    printf("0 sim demo: now %s %u %lu %lu", phase, TOTAL / MIB,
           (unsigned long)guest.domain->tot_pages / MIB,
           (unsigned long)guest.domain->paged_pages / MIB);
    print_work();
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

static void phase(const char *name, const char *text, bool (*is)(void *), uint64_t wanted)
{
    uint64_t start = now_ms(), ms;

    printf("0 sim demo: phase %s %s\n", name, text);
    while (!wait_until(is, &wanted, 250)) {
        say_now(name);
        if (now_ms() - start > PATIENCE_MS)
            errx(1, "phase %s takes too long", name);
    }
    ms = now_ms() - start;
    say_now(name);
    printf("0 sim demo: done %s %lu.%lu %lu", name, (unsigned long)ms / 1000,
           (unsigned long)ms % 1000 / 100, (unsigned long)guest.domain->page_outs);
    print_work();
}

/* The pager has counted what Xen has done. */
static void compare_figures(void)
{
    const struct domain *d = guest.domain;
    uint64_t outs = dom0_number("/libxl/%u/paging/status/page-outs", d->id);
    uint64_t ins = dom0_number("/libxl/%u/paging/status/page-ins", d->id);

    if (outs != d->page_outs || ins != d->page_ins)
        complain("the pager says %lu out, %lu in", (unsigned long)outs, (unsigned long)ins);
}

int story_demo(const char *dir, bool patched)
{
    host_create(patched, 1, TOTAL + 64 * MIB);
    dom0_start(dir);
    printf("0 sim demo: say a simulated guest of %u MiB works on %lu MiB of them\n", TOTAL / MIB,
           (unsigned long)guest.region / MIB);
    guest_create(&guest, 1);
    dom0_introduce(guest.domain->id);
    pager = dom0_start_xenpaging2(guest.domain->id, "clock", NULL);
    guest_start(&guest);
    dom0_set_target(guest.domain->id, HALF);
    phase("squeeze", "its target is now 128 MiB", is_resident, HALF);
    phase("work", "it works, half of its memory is out", has_done_rounds, guest_rounds(&guest) + 4);
    dom0_set_target(guest.domain->id, RAISED);
    phase("raise", "its target is now 192 MiB", is_resident, RAISED);
    kill(pager, SIGTERM);
    phase("drain", "the pager is asked to end: everything comes back", pager_has_ended, 0);
    if (!guest_stop(&guest, PATIENCE_MS))
        errx(1, "the guest does not run on");
    guest_verify(&guest);
    compare_figures();
    if (host.complaint[0])
        errx(1, "%s", host.complaint);
    printf("demo pass\n");
    return 0;
}
