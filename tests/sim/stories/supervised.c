/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pager with its supervisor: the worker is killed, again and again; it hands over to another one;
 * both are killed; and a worker that cannot live is given up, with the domain paused. Each time
 * somebody goes on where the last one ended, and in the end nothing is lost. With an option of the
 * pager's, which says that pages go elsewhere, or otherwise, all that is told is in short.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dom0.h"
#include "guest.h"
#include "kill_point.h"
#include "peace.h"
#include "shared_file.h"
#include "story.h"

#define PATIENCE_MS 60000
#define LOOK_US 200
#define RUN_ON_VISITS 40
#define NR_KILLS 20
#define NR_HANDOVERS 50
#define FEW 4
#define SETTLE_MS 1100 /* a worker that dies sooner is on its way to be given up */
#define FEW_CALLS 25   /* that a worker which cannot live makes */

static struct {
    struct guest guest;
    struct kill_plan *plan;
    const char *option; /* of the pager's; or NULL */
    pid_t pager;
    uint64_t goal;       /* of the guest's visits */
    uint64_t longest_ms; /* that it stood still */
} s = {.guest = {.nr_ram = 640, .region = 420, .mapped = 1, .zero = 25, .writes = 50}};

/* Looks more often than wait_until(), and watches how long the guest stands still. */
static void watch_until(bool (*is)(void *arg), void *arg, const char *what)
{
    uint64_t end = now_ms() + PATIENCE_MS, visits = guest_visits(&s.guest), since = now_ms();

    while (!is(arg) && !host.complaint[0]) {
        uint64_t now = now_ms();

        if (guest_visits(&s.guest) != visits) {
            visits = guest_visits(&s.guest);
            since = now;
        }
        if (now - since > s.longest_ms)
            s.longest_ms = now - since;
        if (now > end)
            complain("%s: does not happen", what);
        usleep(LOOK_US);
    }
}

static bool runs_on(void *arg)
{
    (void)arg;
    return guest_visits(&s.guest) >= s.goal;
}

static void expect_guest_runs_on(const char *what)
{
    s.goal = guest_visits(&s.guest) + RUN_ON_VISITS;
    watch_until(runs_on, NULL, what);
}

static bool has_other_worker(void *arg)
{
    pid_t worker = dom0_child_of(s.pager);

    return worker && worker != *(pid_t *)arg;
}

static void end_worker(int sig, bool by_supervisor)
{
    pid_t worker = dom0_child_of(s.pager);

    if (!worker) {
        complain("there is no worker");
        return;
    }
    kill(by_supervisor ? s.pager : worker, sig);
    watch_until(has_other_worker, &worker, "another worker");
}

static bool is_later(void *arg)
{
    return now_ms() >= *(uint64_t *)arg;
}

static void workers_are_killed(int nr)
{
    for (int i = 0; i < nr; i++) {
        uint64_t settled;

        end_worker(SIGKILL, false);
        expect_guest_runs_on("the guest's work after a death");
        settled = now_ms() + SETTLE_MS / (i % 3 ? 1 : 4);
        watch_until(is_later, &settled, "time");
    }
    printf("%d workers killed: the guest stood still for %lu ms at most\n", nr,
           (unsigned long)s.longest_ms);
    s.longest_ms = 0;
}

static void workers_hand_over(int nr)
{
    for (int i = 0; i < nr; i++) {
        end_worker(SIGUSR2, true);
        expect_guest_runs_on("the guest's work after a handover");
    }
    printf("%d handovers: the guest stood still for %lu ms at most\n", nr,
           (unsigned long)s.longest_ms);
    s.longest_ms = 0;
}

static void start_pager(void)
{
    dom0_remove("/libxl/%u/paging/state", s.guest.domain->id);
    s.pager = dom0_start_xenpaging2(s.guest.domain->id, "clock", s.option);
}

static bool is_known(void *arg)
{
    char number[24];

    snprintf(number, sizeof(number), "%ld", (long)*(pid_t *)arg);
    return dom0_node_is(number, "/libxl/%u/paging/pid", s.guest.domain->id);
}

/* In between the worker serves on, and is where the toolstack looks for its supervisor. */
static void both_are_killed(void)
{
    pid_t worker = dom0_child_of(s.pager);

    dom0_write("1", "/libxl/%u/paging/pid", s.guest.domain->id);
    kill(s.pager, SIGKILL);
    dom0_await_exit(s.pager, PATIENCE_MS);
    watch_until(is_known, &worker, "the worker says that it is alone");
    expect_guest_runs_on("the guest's work without a supervisor");
    dom0_kill_worker(worker);
    start_pager();
    expect_guest_runs_on("the guest's work after both were killed");
}

static void a_worker_is_given_up(void)
{
    uint32_t domid = s.guest.domain->id;

    s.plan->how = KILL_AFTER;
    s.plan->again = FEW_CALLS;
    s.plan->repeat = 1;
    s.plan->at = s.plan->nr_calls + FEW_CALLS;
    if (dom0_await_exit(s.pager, PATIENCE_MS) != EXIT_FAILURE)
        complain("the supervisor does not give up");
    if (!dom0_node_is("failed", "/libxl/%u/paging/state", domid))
        complain("the state is not failed");
    if (!s.guest.domain->pauses)
        complain("the domain is not paused");
    s.plan->repeat = 0;
    s.plan->at = 0;
    start_pager();
    expect_guest_runs_on("the guest's work after the worker was given up");
}

static void end(void)
{
    kill(s.pager, SIGTERM);
    if (dom0_await_exit(s.pager, PATIENCE_MS))
        complain("the pager does not end with 0");
    expect_guest_runs_on("the guest's work in the end");
    if (guest_stop(&s.guest, PATIENCE_MS))
        guest_verify(&s.guest);
    peace_expect(&s.guest, 1, PATIENCE_MS);
}

static bool some_are_out(void *arg)
{
    (void)arg;
    return s.guest.domain->page_outs > s.goal;
}

static void expect_no_file(const char *dir, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/", dir);

    snprintf(path + n, sizeof(path) - (size_t)n, name, s.guest.domain->id); /* NOLINT */
    if (!access(path, F_OK))
        complain("%s is left", path);
}

/* The worker cannot see it, and leaves everything behind. */
static void domain_dies_before_its_worker(const char *dir)
{
    pid_t worker;

    s.goal = s.guest.domain->page_outs;
    start_pager();
    watch_until(some_are_out, NULL, "an eviction");
    worker = dom0_child_of(s.pager);
    kill(worker, SIGSTOP);
    host_lock();
    domain_kill(s.guest.domain);
    host_unlock();
    dom0_release(s.guest.domain->id);
    kill(worker, SIGKILL);
    if (dom0_await_exit(s.pager, PATIENCE_MS))
        complain("the supervisor does not end with 0");
    expect_no_file(dir, "store-%u");
    expect_no_file(dir, "store-%u.index");
    expect_no_file(dir, "xenpaging2-%u.index");
}

static void begin(const char *dir, bool patched)
{
    host_create(patched, 1, (uint32_t)s.guest.nr_ram + 128);
    dom0_start(dir);
    s.plan = shared_file_create(dir, "SIM_KILL", sizeof(*s.plan));
    guest_create(&s.guest, 2);
    dom0_introduce(s.guest.domain->id);
    dom0_write("512", "/libxl/%u/paging/target-min", s.guest.domain->id);
    dom0_write(dir, "/libxl/%u/paging/directory", s.guest.domain->id);
    dom0_set_target(s.guest.domain->id, 300);
    guest_start(&s.guest);
    start_pager();
    expect_guest_runs_on("the guest's work");
}

int story_supervised(const char *dir, bool patched, const char *option)
{
    s.option = option;
    begin(dir, patched);
    workers_are_killed(option ? FEW : NR_KILLS);
    workers_hand_over(option ? FEW : NR_HANDOVERS);
    if (!option) {
        both_are_killed();
        a_worker_is_given_up();
    }
    end();
    domain_dies_before_its_worker(dir);
    if (host.complaint[0])
        fprintf(stderr, "%s\n", host.complaint);
    return host.complaint[0] != 0;
}
