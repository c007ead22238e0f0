/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>

#include "clock.h"
#include "machine.h"

struct worker {
    pthread_t thread;
    uint64_t first; /* page of the region; order.pages of them are this thread's */
    struct order order;
    struct histogram delays;    /* of all rounds */
    struct round_result result; /* of this round */
};

/* Written by the caller while the threads wait, read by them after the barrier. */
static struct {
    const struct params *params;
    struct region *region;
    pthread_barrier_t begin, end;
    uint64_t round;
    bool stop;
    struct worker workers[THREADS_MAX];
} team;

static void touch(struct worker *w, const uint64_t *words)
{
    uint64_t start = clock_ns();

    (void)*(const volatile uint64_t *)words;

    uint64_t us = (clock_ns() - start + 999) / 1000;

    histogram_add(&w->delays, us);
    if (us > w->result.max_us)
        w->result.max_us = us;
}

static void note_bad(struct round_result *r, struct page_id id, const struct mismatch *wrong)
{
    if (r->bad < REPORT_BAD_MAX)
        r->bad_pages[r->bad] = (struct bad_page){.id = id, .wrong = *wrong};
    r->bad++;
}

static void write_page(uint64_t page, uint32_t version)
{
    struct page_id id = {.page = page, .version = version};

    pattern_fill(region_page(team.region, page), id, team.params->zero);
    team.region->versions[page] = version;
}

/* Checks the page, and writes it anew if that is asked for or it was bad. */
static void visit(struct worker *w, uint64_t page, bool rewrite)
{
    struct page_id id = {.page = page, .version = team.region->versions[page]};
    uint64_t *words = region_page(team.region, page);
    struct mismatch wrong;

    touch(w, words);
    if (!pattern_check(words, id, team.params->zero, &wrong)) {
        note_bad(&w->result, id, &wrong);
        rewrite = true;
    }
    if (rewrite)
        write_page(page, id.version + 1);
}

/* Behind the check's back: the version stays. */
static void corrupt(const struct worker *w)
{
    uint64_t page = team.params->corrupt_page;

    if (team.round == team.params->corrupt_round && page >= w->first &&
        page < w->first + w->order.pages)
        ((unsigned char *)region_page(team.region, page))[page % PAGE_BYTES] ^= 0x10;
}

static void run_round(struct worker *w)
{
    uint64_t pages = w->order.pages;

    memset(&w->result, 0, sizeof(w->result));
    w->result.writes = pages * team.params->writes / 100;
    for (uint64_t i = 0; i < w->result.writes; i++)
        visit(w, w->first + order_rewrite(&w->order), true);
    corrupt(w);
    for (uint64_t i = 0; i < pages; i++)
        visit(w, w->first + order_verify(&w->order, i, team.round), false);
    w->result.verified = pages;
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;

    for (uint64_t i = 0; i < w->order.pages; i++)
        write_page(w->first + i, 0);
    pthread_barrier_wait(&team.end);
    for (;;) {
        pthread_barrier_wait(&team.begin);
        if (team.stop)
            return NULL;
        run_round(w);
        pthread_barrier_wait(&team.end);
    }
}

static int start_thread(struct worker *w, unsigned long index)
{
    pthread_attr_t attr;
    cpu_set_t cpu;

    CPU_ZERO(&cpu);
    CPU_SET(machine_cpu(index), &cpu);
    pthread_attr_init(&attr);
    pthread_attr_setaffinity_np(&attr, sizeof(cpu), &cpu);

    int rc = pthread_create(&w->thread, &attr, worker_main, w);

    pthread_attr_destroy(&attr);
    if (rc)
        report_error("cannot start thread %lu: %s", index, strerror(rc));
    return -rc;
}

static void assign_range(struct worker *w, unsigned long index)
{
    uint64_t all = team.region->pages, threads = team.params->threads;
    uint64_t first = all * index / threads;
    uint64_t pages = all * (index + 1) / threads - first;
    uint64_t hot = pages * team.params->hot / 100;

    w->first = first;
    w->order = (struct order){.pattern = (enum pattern)team.params->pattern,
                              .pages = pages,
                              .hot = hot ? hot : 1,
                              .random = index << 32};
}

int workers_start(const struct params *params, struct region *region)
{
    team.params = params;
    team.region = region;
    pthread_barrier_init(&team.begin, NULL, (unsigned int)params->threads + 1);
    pthread_barrier_init(&team.end, NULL, (unsigned int)params->threads + 1);
    for (unsigned long i = 0; i < params->threads; i++) {
        assign_range(&team.workers[i], i);

        int rc = start_thread(&team.workers[i], i);

        if (rc < 0)
            return rc;
    }
    pthread_barrier_wait(&team.end);
    return 0;
}

static void add_result(struct round_result *sum, const struct round_result *r)
{
    for (uint64_t i = 0; i < r->bad && i < REPORT_BAD_MAX && sum->bad + i < REPORT_BAD_MAX; i++)
        sum->bad_pages[sum->bad + i] = r->bad_pages[i];
    sum->bad += r->bad;
    sum->verified += r->verified;
    sum->writes += r->writes;
    if (r->max_us > sum->max_us)
        sum->max_us = r->max_us;
}

void workers_round(uint64_t round, struct round_result *result)
{
    team.round = round;
    pthread_barrier_wait(&team.begin);
    pthread_barrier_wait(&team.end);
    memset(result, 0, sizeof(*result));
    for (unsigned long i = 0; i < team.params->threads; i++)
        add_result(result, &team.workers[i].result);
}

void workers_histogram(struct histogram *total)
{
    memset(total, 0, sizeof(*total));
    for (unsigned long i = 0; i < team.params->threads; i++)
        histogram_merge(total, &team.workers[i].delays);
}

void workers_stop(void)
{
    team.stop = true;
    pthread_barrier_wait(&team.begin);
    for (unsigned long i = 0; i < team.params->threads; i++)
        pthread_join(team.workers[i].thread, NULL);
}
