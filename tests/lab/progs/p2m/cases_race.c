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

#include "pager.h"
#include "report.h"
#include "xen.h"

#define INCREMENTS "600"

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

/* lab-mapper counts in pages that this pager evicts in a loop. */
static const char *mapper_vs_pager(uint64_t gfn)
{
    pid_t mapper = start_mapper(gfn);
    unsigned long out = 0, in = 0;
    int status;

    if (mapper < 0)
        inconclusive("no process for lab-mapper");
    while (waitpid(mapper, &status, WNOHANG) == 0) {
        out += pager_out_all(gfn, CASE_GFNS);
        pager_rung(1);
        in += pager_serve();
    }
    remark("%lu evictions, %lu requests", out, in);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        inconclusive("lab-mapper failed");
    return WEXITSTATUS(status) ? "writes of dom0 are lost" : NULL;
}

const struct p2m_case race_cases[] = {
    {"mapper-vs-pager", "dom0 writes through short mappings to pages that go out and in",
     mapper_vs_pager},
    {0}};
