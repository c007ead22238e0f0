/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's workload: fills memory with a known pattern, rewrites pages of it, verifies all of it
 * in rounds, and says so on the console. It runs as /init of a guest or as an ordinary process,
 * which then exits with 0, with 1 if a page was bad, or with 2 on an error.
 */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "clock.h"
#include "devices.h"
#include "init.h"
#include "probe.h"
#include "touches.h"
#include "worker.h"

#define STATUS_BAD 1
#define STATUS_ERROR 2
#define CMDLINE_BYTES 4096
#define ROUNDS_PER_HISTOGRAM 10

static void on_fatal_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    report_error("signal=%d address=%p", number, info->si_addr);
    init_end(END_HALT, STATUS_ERROR);
}

static void catch_fatal_signals(void)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    struct sigaction action = {.sa_sigaction = on_fatal_signal, .sa_flags = SA_SIGINFO};

    for (unsigned int i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
        sigaction(fatal[i], &action, NULL);
}

static int read_params(struct params *p, int argc, char *argv[])
{
    static char cmdline[CMDLINE_BYTES];
    int rc = 0;

    params_init(p);
    if (init_is_pid1())
        rc = init_read_cmdline(cmdline, sizeof(cmdline));
    if (rc == 0 && init_is_pid1())
        rc = params_set_cmdline(p, cmdline);
    for (int i = 1; rc == 0 && !init_is_pid1() && i < argc; i++)
        rc = params_set(p, argv[i]);
    return rc < 0 ? rc : params_complete(p);
}

static void rest(unsigned long ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    while (ms > 0 && nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

static void print_histogram(void)
{
    struct histogram total;

    workers_histogram(&total);
    report_histogram(&total);
}

/* All rounds; returns the number of bad pages. */
static uint64_t run(const struct params *p)
{
    uint64_t bad = 0;

    for (uint64_t round = 1; p->rounds == 0 || round <= p->rounds; round++) {
        struct round_result result;
        uint64_t start = clock_ns() / 1000000;

        workers_round(round, &result);
        report_round(round, &result, clock_ns() / 1000000 - start);
        bad += result.bad;
        devices_report(p);
        if (round % ROUNDS_PER_HISTOGRAM == 0 && round != p->rounds)
            print_histogram();
        if (round != p->rounds)
            rest(p->idle_ms);
    }
    return bad;
}

int main(int argc, char *argv[])
{
    static struct params params;
    static struct region region;

    if (init_is_pid1())
        init_setup();
    catch_fatal_signals();
    if (read_params(&params, argc, argv) < 0 || region_create(&region, params_pages(&params)) < 0 ||
        workers_start(&params, &region) < 0 || devices_start(&params) < 0)
        init_end(END_HALT, STATUS_ERROR);
    report_ready(region.pages, params.threads, params.mb);
    if (params.probe)
        probe_xenstore();
    if (params.touch_us)
        touches_run(&params, &region);

    uint64_t bad = run(&params);

    workers_stop();
    print_histogram();
    report_done(params.rounds, bad);
    init_end((enum end_action)params.end, bad ? STATUS_BAD : 0);
}
