/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pager is killed at one of its calls, and another one goes on: pages go out and in, by a target
 * and by a guest that works, and in the end all come back. A seed says at which call and how, so
 * that those in a row are each way of each call. Every other one has the second pager killed, too,
 * soon after its start; one in four leaves it to the supervisor to start the others, and of these
 * every other one has its pages encrypted. Nothing may be lost, and the guest must go on.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dom0.h"
#include "guest.h"
#include "kill_point.h"
#include "mappers.h"
#include "pattern.h"
#include "peace.h"
#include "shared_file.h"
#include "story.h"

#define PATIENCE_MS 60000
#define LOOK_US 500
#define STEP_CALLS 220 /* until the next target, */
#define STEP_MS 250    /* or, of a pager with nothing to do, after this time */
#define SECOND_CALLS 160
#define RUN_ON_VISITS 64
#define MAX_LIVES 4

static const uint64_t targets[] = {140, 250, 130, 200, 120};

#define NR_TARGETS (sizeof(targets) / sizeof(targets[0]))

static struct {
    struct guest guest;
    struct kill_plan *plan;
    uint64_t seed;
    bool is_supervised, is_encrypted;
    unsigned int nr_lives; /* of pagers that were started here */
    unsigned int step;
    uint64_t step_calls, step_ms; /* when it ends */
    pid_t pager;
} s;

static void plan_deaths(void)
{
    uint64_t n = s.seed / NR_KILL_HOWS;

    s.plan->how = (uint32_t)(s.seed % NR_KILL_HOWS);
    s.plan->at = n + 1;
    s.plan->again = n % 2 ? 1 + n / 2 % SECOND_CALLS : 0;
    s.is_supervised = n / 2 % 4 == 3;
    s.is_encrypted = s.is_supervised && n / 8 % 2;
}

static void begin_step(void)
{
    uint32_t domid = s.guest.domain->id;

    s.step_calls = s.plan->nr_calls + STEP_CALLS;
    s.step_ms = now_ms() + STEP_MS;
    if (s.step < NR_TARGETS)
        dom0_set_target(domid, targets[s.step]);
    else if (s.step == NR_TARGETS)
        kill(s.pager, SIGTERM);
}

static void start_pager(void)
{
    static const char *const policies[] = {"clock", "random", "sweep"};
    const char *option = s.is_encrypted ? "--encrypt=yes" : NULL;
    uint32_t domid = s.guest.domain->id;

    dom0_remove("/libxl/%u/paging/state", domid);
    s.pager = dom0_spawn_xenpaging2(domid, policies[s.seed / NR_KILL_HOWS % 3],
                                    s.is_supervised ? option : "--no-supervisor");
    s.nr_lives++;
}

static bool runs_or_has_died(void *arg)
{
    int *code = arg;

    *code = dom0_await_exit(s.pager, 0);
    return *code >= 0 || dom0_node_is("running", "/libxl/%u/paging/state", s.guest.domain->id);
}

/* Returns how it ended, or -1 as long as it has not. */
static int await_start(void)
{
    int code = -1;

    if (!wait_until(runs_or_has_died, &code, PATIENCE_MS))
        complain("the pager does not start");
    if (code < 0)
        begin_step();
    return code;
}

static int live(void)
{
    uint64_t end = now_ms() + 2 * PATIENCE_MS;
    int code = await_start();

    while (code < 0 && !host.complaint[0]) {
        code = dom0_await_exit(s.pager, 0);
        usleep(LOOK_US);
        if (s.step < NR_TARGETS && (s.plan->nr_calls >= s.step_calls || now_ms() >= s.step_ms)) {
            s.step++;
            begin_step();
        }
        if (now_ms() > end)
            complain("the pager does not end");
    }
    return code;
}

/* By itself, or with its supervisor because it had not got far. */
static bool was_killed(int code)
{
    return code == 256 + SIGKILL || code == 128 + SIGKILL;
}

static void tell(void)
{
    int code;

    do {
        start_pager();
        code = live();
    } while (was_killed(code) && s.nr_lives < MAX_LIVES);
    if (code && !host.complaint[0])
        complain("the pager ended with %d in its life %u", code, s.nr_lives);
}

static bool runs_on(void *arg)
{
    return guest_visits(&s.guest) >= *(uint64_t *)arg;
}

static void end(void)
{
    uint64_t goal = guest_visits(&s.guest) + RUN_ON_VISITS;

    if (!wait_until(runs_on, &goal, PATIENCE_MS))
        complain("d%u does not run on", s.guest.domain->id);
    mappers_stop();
    if (guest_stop(&s.guest, PATIENCE_MS))
        guest_verify(&s.guest);
    else
        complain("a vCPU stands still");
    peace_expect(&s.guest, 1, PATIENCE_MS);
}

int story_kill(const char *dir, bool patched, uint64_t seed)
{
    s.seed = seed;
    s.guest = (struct guest){.nr_ram = 320, .region = 200, .mapped = 32, .zero = 25, .writes = 50};
    host_create(patched, pattern_mix(seed), (uint32_t)s.guest.nr_ram + 128);
    dom0_start(dir);
    s.plan = shared_file_create(dir, "SIM_KILL", sizeof(*s.plan));
    plan_deaths();
    guest_create(&s.guest, 2);
    dom0_introduce(s.guest.domain->id);
    dom0_write("256", "/libxl/%u/paging/target-min", s.guest.domain->id);
    guest_start(&s.guest);
    for (unsigned int i = 0; patched && i < MAX_MAPPERS; i++)
        mapper_start(&s.guest, i, true);
    tell();
    end();
    if (getenv("SIM_NONE_DIES") && s.plan->nr_deaths)
        complain("a pager has died: there are more moments than that");
    if (getenv("SIM_VERBOSE"))
        printf("seed %lu: %lu calls, %u deaths%s\n", (unsigned long)seed,
               (unsigned long)s.plan->nr_calls, s.plan->nr_deaths,
               s.is_encrypted    ? ", encrypted"
               : s.is_supervised ? ", supervised"
                                 : "");
    if (!host.complaint[0])
        return 0;
    fprintf(stderr, "seed %lu %s: %s\n", (unsigned long)seed, patched ? "patched" : "stock",
            host.complaint);
    return 1;
}
