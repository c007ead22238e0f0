/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A story drawn from a seed: guests, targets that go up and down, page faults, mappers, balloons, a
 * host that runs out of memory, hypercalls that fail, and an end: told to drain in peace or in the
 * middle of it all, or the domain dies. Then all must be at peace: no page lost, none leaked.
 *
 * Equal seeds make equal plans, with the same calls failing; threads and processes interleave as
 * they like.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dom0.h"
#include "growth.h"
#include "guest.h"
#include "mappers.h"
#include "pattern.h"
#include "peace.h"
#include "story.h"

#define NR_STEPS 8
#define SLACK 16
#define RUN_ON_VISITS 64 /* of each vCPU */

enum ending { DRAIN_IN_PEACE, DRAIN_IN_TROUBLE, DEATH, NR_ENDINGS };

static struct {
    uint64_t random;
    unsigned int nr_guests;
    struct guest guests[MAX_DOMAINS];
    pid_t pagers[MAX_DOMAINS];
    struct growth growth[MAX_DOMAINS]; /* of their workers, in a story that is long */
    enum ending ending;
    unsigned int patience_ms;
} s;

/* --- The beginning. --- */

static void draw_guest(struct guest *g)
{
    g->nr_ram = draw(&s.random, 16) ? 384 + draw(&s.random, 896) : 1024 + draw(&s.random, 3072);
    g->region = g->nr_ram * (40 + draw(&s.random, 40)) / 100;
    g->mapped = 64;
    g->balloon = 32 + draw(&s.random, 64);
    g->zero = draw(&s.random, 3) * 25;
    g->writes = 10 + draw(&s.random, 100);
    g->emulated = draw(&s.random, 2) * 10;
    g->balloons = true;
    g->rests = true;
}

/* For all of the story: the pagers have to live with it. */
static void draw_store_faults(uint64_t seed)
{
    char faults[64];

    if (!draw(&s.random, 3))
        return;
    snprintf(faults, sizeof(faults), "%lu %u", (unsigned long)seed, 30 + draw(&s.random, 400));
    setenv("SIM_STORE_FAULTS", faults, 1);
}

static void begin(const char *dir, bool patched, uint64_t seed)
{
    static const char *const policies[] = {"clock", "random", "sweep"};
    uint32_t nr_frames = 256;

    s.random = pattern_mix(seed);
    s.nr_guests = 1 + !draw(&s.random, 3);
    s.ending = draw(&s.random, NR_ENDINGS);
    for (unsigned int i = 0; i < s.nr_guests; i++) {
        draw_guest(&s.guests[i]);
        nr_frames += (uint32_t)s.guests[i].nr_ram;
    }
    host_create(patched, seed, nr_frames);
    dom0_start(dir);
    draw_store_faults(seed);
    for (unsigned int i = 0; i < s.nr_guests; i++) {
        guest_create(&s.guests[i], 1 + draw(&s.random, MAX_VCPUS));
        dom0_introduce(s.guests[i].domain->id);
        dom0_write("512", "/libxl/%u/paging/target-min", s.guests[i].domain->id);
        s.pagers[i] =
            dom0_start_xenpaging2(s.guests[i].domain->id, policies[draw(&s.random, 3)], NULL);
        guest_start(&s.guests[i]);
    }
    for (unsigned int i = 0; i < MAX_MAPPERS; i++)
        mapper_start(&s.guests[i % s.nr_guests], i, patched);
}

/* --- The middle. --- */

static struct guest *any_guest(void)
{
    return &s.guests[draw(&s.random, s.nr_guests)];
}

static void new_target(struct guest *g)
{
    uint32_t most = (uint32_t)g->nr_ram * 3 / 4;
    uint64_t pages = draw(&s.random, 8) ? 128 + draw(&s.random, most) : 0;

    dom0_set_target(g->domain->id, pages);
}

static void new_trouble(void)
{
    host_lock();
    faults_set(draw(&s.random, 3) ? 10 + draw(&s.random, 200) : 0);
    host.withheld = draw(&s.random, 4) ? 0 : host.nr_frames;
    host_unlock();
    any_guest()->balloons = draw(&s.random, 2);
}

static uint64_t happened(void)
{
    uint64_t nr = 0;

    for (unsigned int i = 0; i < s.nr_guests; i++) {
        const struct domain *d = s.guests[i].domain;

        nr += d->page_outs + d->page_ins + d->nr_refused;
    }
    return nr;
}

static bool enough_has_happened(void *arg)
{
    return happened() >= *(uint64_t *)arg;
}

static void let_things_happen(void)
{
    uint64_t goal = happened() + 20 + draw(&s.random, 200);

    wait_until(enough_has_happened, &goal, 10 + draw(&s.random, 90));
}

static void begin_to_watch_growth(uint64_t ms)
{
    for (unsigned int i = 0; i < s.nr_guests; i++)
        s.growth[i] = (struct growth){.begin_ms = now_ms(), .end_ms = now_ms() + ms};
}

static void watch_growth(void)
{
    for (unsigned int i = 0; i < s.nr_guests; i++)
        growth_look(&s.growth[i], dom0_child_of(s.pagers[i]));
}

static void judge_growth(void)
{
    char name[32];

    for (unsigned int i = 0; i < s.nr_guests; i++) {
        snprintf(name, sizeof(name), "the pager of d%u", s.guests[i].domain->id);
        growth_judge(&s.growth[i], name);
    }
}

static void take_a_step(void)
{
    new_target(any_guest());
    if (draw(&s.random, 2))
        new_trouble();
    let_things_happen();
}

/* At least for so long, if that is asked for. */
static void be_in_trouble(uint64_t ms)
{
    uint64_t end = now_ms() + ms;

    for (int i = 0; i < NR_STEPS; i++)
        take_a_step();
    if (!ms)
        return;
    begin_to_watch_growth(ms);
    while (now_ms() < end && !host.complaint[0]) {
        take_a_step();
        watch_growth();
    }
    judge_growth();
}

static void be_in_peace(void)
{
    host_lock();
    faults_set(0);
    host.withheld = 0;
    host_unlock();
    for (unsigned int i = 0; i < s.nr_guests; i++)
        s.guests[i].balloons = false;
}

/* --- The end. --- */

/* One that the guest can work in: else it brings pages back as fast as they go out. */
static uint64_t goal_of(const struct guest *g)
{
    return g->region + (g->nr_ram - g->region) / 2;
}

/* On a stock Xen, the pager leaves a page that was refused alone for a minute. */
static bool is_at_target(void *arg)
{
    const struct guest *g = arg;
    uint64_t left_alone = host.patched ? 0 : g->domain->nr_refused;

    return g->domain->tot_pages <= goal_of(g) + SLACK + left_alone;
}

static void expect_target(struct guest *g)
{
    dom0_set_target(g->domain->id, goal_of(g));
    if (!wait_until(is_at_target, g, s.patience_ms))
        complain("d%u: %lu pages stay in memory, not %lu", g->domain->id,
                 (unsigned long)g->domain->tot_pages, (unsigned long)goal_of(g));
}

static void expect_exit(unsigned int i)
{
    int code = dom0_await_exit(s.pagers[i], s.patience_ms);

    if (code == -1)
        complain("the pager of d%u does not end", s.guests[i].domain->id);
    else if (code)
        complain("the pager of d%u ended with %d", s.guests[i].domain->id, code);
}

/* What each of its pages is in the end, guest_verify() sees. */
static bool runs_on(void *arg)
{
    struct guest *g = arg;
    static uint64_t goals[MAX_DOMAINS];
    uint64_t *goal = &goals[g - s.guests];

    if (!*goal)
        *goal = guest_visits(g) + RUN_ON_VISITS;
    return guest_visits(g) >= *goal;
}

static void drain(void)
{
    for (unsigned int i = 0; i < s.nr_guests; i++)
        kill(s.pagers[i], SIGTERM);
    be_in_peace();
    for (unsigned int i = 0; i < s.nr_guests; i++) {
        expect_exit(i);
        if (!wait_until(runs_on, &s.guests[i], s.patience_ms))
            complain("d%u does not run on", s.guests[i].domain->id);
    }
    mappers_stop();
}

static void die(void)
{
    for (unsigned int i = 0; i < s.nr_guests; i++) {
        host_lock();
        domain_kill(s.guests[i].domain);
        host_unlock();
        dom0_release(s.guests[i].domain->id);
    }
    be_in_peace();
    mappers_stop();
    for (unsigned int i = 0; i < s.nr_guests; i++)
        expect_exit(i);
}

/* --- The moral. --- */

static void end(void)
{
    for (unsigned int i = 0; i < s.nr_guests; i++) {
        struct guest *g = &s.guests[i];

        if (!guest_stop(g, s.patience_ms))
            complain("d%u: a vCPU stands still", g->domain->id);
        else if (s.ending != DEATH)
            guest_verify(g);
    }
    peace_expect(s.guests, s.nr_guests, s.patience_ms);
}

int story_seed(const char *dir, bool patched, uint64_t seed)
{
    const char *patience = getenv("SIM_PATIENCE_MS");

    s.patience_ms = patience ? (unsigned int)atoi(patience) : 60000;
    begin(dir, patched, seed);
    be_in_trouble(story_seconds() * UINT64_C(1000));
    if (s.ending == DRAIN_IN_PEACE) {
        be_in_peace();
        for (unsigned int i = 0; i < s.nr_guests; i++)
            expect_target(&s.guests[i]);
    }
    if (s.ending == DEATH)
        die();
    else
        drain();
    end();
    if (!host.complaint[0])
        return 0;
    fprintf(stderr, "seed %lu %s: %s\n", (unsigned long)seed, patched ? "patched" : "stock",
            host.complaint);
    return 1;
}
