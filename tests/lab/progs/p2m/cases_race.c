/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who wins is up to chance: many tries.
 */
#include "cases.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch.h"
#include "pager.h"
#include "report.h"
#include "xen.h"

#define INCREMENTS "400"
#define MAX_RUNS 20

static pid_t start_mapper(uint64_t gfn)
{
    pid_t mapper = fork();
    char domid[20], first[20], count[20];

    if (mapper != 0)
        return mapper;
    snprintf(domid, sizeof(domid), "%" PRIu32, xen_domid);
    snprintf(first, sizeof(first), "%" PRIu64, gfn);
    snprintf(count, sizeof(count), "%d", CASE_GFNS);
    execlp("lab-mapper", "lab-mapper", domid, first, count, INCREMENTS, NULL);
    _exit(127);
}

struct paged {
    unsigned long out, in;
};

typedef unsigned long send_out_fn(uint64_t first, unsigned long count);

/* lab-mapper counts in pages that this pager sends out in a loop. Returns what it exits with. */
static int run_against_mapper(uint64_t gfn, send_out_fn *send_out, struct paged *paged)
{
    pid_t mapper = start_mapper(gfn);
    int status;

    if (mapper < 0)
        inconclusive("no process for lab-mapper");
    while (waitpid(mapper, &status, WNOHANG) == 0) {
        paged->out += send_out(gfn, CASE_GFNS);
        pager_rung(1);
        paged->in += pager_serve();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        inconclusive("lab-mapper failed");
    return WEXITSTATUS(status);
}

/* On a busy machine lab-mapper can be over before this process runs at all: then once more. */
static const char *race(uint64_t gfn, send_out_fn *send_out)
{
    struct paged paged = {0};
    int lost = 0;

    for (int i = 0; i < MAX_RUNS && !lost && paged.out < CASE_GFNS; i++)
        lost = run_against_mapper(gfn, send_out, &paged);
    remark("%lu evictions, %lu requests", paged.out, paged.in);
    if (lost)
        return "writes of dom0 are lost";
    if (paged.out < CASE_GFNS)
        inconclusive("hardly a page went out");
    return NULL;
}

static const char *mapper_vs_pager(uint64_t gfn)
{
    return race(gfn, pager_out_all);
}

static struct batch_entry *entries; /* for CASE_GFNS pages, and their copies */
static uint8_t (*copies)[PAGE_BYTES];

/* A batch of none would ask for Xen's features. */
static void call_batch(unsigned int nr)
{
    if (nr)
        must("a batch", batch_call(xen_domid, entries, nr));
}

static unsigned int nominate_and_copy(uint64_t first, unsigned long count)
{
    unsigned int nr = 0;

    for (unsigned long i = 0; i < count; i++)
        entries[i] = (struct batch_entry){
            .gfn = first + i, .op = BATCH_NOMINATE, .buffer = (uintptr_t)copies[i]};
    call_batch((unsigned int)count);
    for (unsigned long i = 0; i < count; i++) {
        if (entries[i].rc)
            continue;
        pager_keep(first + i, copies[i]);
        entries[nr++] = (struct batch_entry){.gfn = first + i, .op = BATCH_EVICT};
    }
    return nr;
}

/* A nomination may stand after an eviction that was refused, and its copy be out of date. */
static unsigned int take_back_refused(unsigned int nr)
{
    unsigned int refused = 0;

    for (unsigned int i = 0; i < nr; i++) {
        if (entries[i].rc == 0)
            continue;
        pager_forget(entries[i].gfn);
        entries[refused++] = (struct batch_entry){.gfn = entries[i].gfn, .op = BATCH_CANCEL};
    }
    return refused;
}

static unsigned long send_out_in_batches(uint64_t first, unsigned long count)
{
    unsigned int nominated = nominate_and_copy(first, count);
    unsigned int refused;

    call_batch(nominated);
    refused = take_back_refused(nominated);
    call_batch(refused);
    return nominated - refused;
}

static const char *mapper_vs_batches(uint64_t gfn)
{
    if (batch_absent())
        return batch_absent();
    entries = batch_alloc(CASE_GFNS * sizeof(*entries));
    copies = batch_alloc(CASE_GFNS * sizeof(*copies));
    return race(gfn, send_out_in_batches);
}

const struct p2m_case race_cases[] = {
    {"mapper-vs-pager", "dom0 writes through short mappings to pages that go out and in",
     mapper_vs_pager},
    {"mapper-vs-batches", "the same with a pager that uses batches", mapper_vs_batches},
    {0}};
