/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stories of many seeds. Each is told in a process of its own, so that it finds everything as
 * it is in the beginning, and can end as it likes. They share xenstored, where each has numbers of
 * its own for its domains, as if all lived on one host.
 */
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dom0.h"
#include "host.h"
#include "pattern.h"
#include "story.h"

#define STORY_SECONDS 600
#define MAX_JOBS 64
#define LAST_DOMID 32000

struct job {
    pid_t pid; /* 0: none */
    uint64_t seed;
    bool patched;
    uint32_t domid;
    char dir[200];
};

static struct job jobs[MAX_JOBS];
static unsigned int nr_jobs, nr_good, nr_failed;

/* What is told of each seed, and how tests/sim/run is asked for it. */
static int (*story)(const char *dir, bool patched, uint64_t seed);
static const char *asked_for;

/* Half of all seeds, unless one kind is asked for. */
static bool is_patched(enum kind kind, uint64_t seed)
{
    return kind == EITHER ? pattern_mix(seed) & 1 : kind == PATCHED;
}

unsigned int story_seconds(void)
{
    const char *seconds = getenv("SIM_SECONDS");

    return seconds ? (unsigned int)atoi(seconds) : 0;
}

_Noreturn static void tell(const struct job *job)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(STORY_SECONDS + story_seconds());
    host.first_domid = job->domid;
    exit(story(job->dir, job->patched, job->seed));
}

static void begin(struct job *job, const char *dir, enum kind kind, uint64_t seed)
{
    static uint32_t domid = 1;

    *job = (struct job){.seed = seed, .patched = is_patched(kind, seed), .domid = domid};
    domid = domid + MAX_DOMAINS > LAST_DOMID ? 1 : domid + MAX_DOMAINS;
    snprintf(job->dir, sizeof(job->dir), "%s/seed-%lu", dir, (unsigned long)seed);
    if (mkdir(job->dir, 0700))
        err(1, "%s", job->dir);
    job->pid = fork();
    if (job->pid < 0)
        err(1, "fork");
    if (!job->pid)
        tell(job);
}

static void remove_directory(const char *path)
{
    DIR *dir = opendir(path);

    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void end(struct job *job, int status)
{
    for (uint32_t i = 0; i < MAX_DOMAINS; i++)
        dom0_forget(job->domid + i);
    job->pid = 0;
    if (WIFEXITED(status) && !WEXITSTATUS(status)) {
        nr_good++;
        remove_directory(job->dir);
        return;
    }
    nr_failed++;
    if (WIFSIGNALED(status))
        warnx("seed %lu: ended by signal %d", (unsigned long)job->seed, WTERMSIG(status));
    warnx("seed %lu failed, again with: tests/sim/run%s --%s %lu; its logs are in %s",
          (unsigned long)job->seed, asked_for, job->patched ? "patched" : "stock",
          (unsigned long)job->seed, job->dir);
}

/* A process that this one did not start as a job is xenstored. */
static void await_one(void)
{
    int status;
    pid_t pid = wait(&status);

    for (unsigned int i = 0; i < nr_jobs; i++) {
        if (jobs[i].pid == pid) {
            end(&jobs[i], status);
            return;
        }
    }
    errx(1, "xenstored has ended");
}

static struct job *free_job(void)
{
    for (;;) {
        for (unsigned int i = 0; i < nr_jobs; i++)
            if (!jobs[i].pid)
                return &jobs[i];
        await_one();
    }
}

static bool any_job(void)
{
    for (unsigned int i = 0; i < nr_jobs; i++)
        if (jobs[i].pid)
            return true;
    return false;
}

/* A story waits most of its time: many for each processor. */
static unsigned int count_jobs(void)
{
    const char *wanted = getenv("SIM_JOBS");
    long nr = wanted ? atol(wanted) : sysconf(_SC_NPROCESSORS_ONLN) * 8;

    return nr < 1 ? 1 : nr > MAX_JOBS ? MAX_JOBS : (unsigned int)nr;
}

static int tell_all(const char *dir, enum kind kind, char *const seeds[])
{
    nr_jobs = count_jobs();
    dom0_start_xenstored(dir);
    for (; *seeds; seeds++) {
        char *rest;
        uint64_t first = strtoull(*seeds, &rest, 10);
        uint64_t last = *rest == '-' ? strtoull(rest + 1, NULL, 10) : first;

        for (uint64_t seed = first; seed <= last; seed++) {
            struct job *job = free_job();

            if (nr_failed && getenv("SIM_STOP"))
                break;
            begin(job, dir, kind, seed);
        }
    }
    while (any_job())
        await_one();
    printf("simulated stories: %u good, %u failed\n", nr_good, nr_failed);
    return nr_failed != 0;
}

int story_seeds(const char *dir, enum kind kind, char *const seeds[])
{
    story = story_seed;
    asked_for = "";
    return tell_all(dir, kind, seeds);
}

int story_kills(const char *dir, enum kind kind, char *const seeds[])
{
    story = story_kill;
    asked_for = " --kills";
    return tell_all(dir, kind, seeds);
}
