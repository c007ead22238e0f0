/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_sim.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

/* The pager's memory that is present, in bytes. */
static double present_bytes(const struct bench *b)
{
    unsigned long kib = 0;
    char path[32], line[128];
    FILE *status;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)b->pager);
    status = fopen(path, "re");
    if (!status)
        err(1, "%s", path);
    while (!kib && fgets(line, sizeof(line), status))
        if (!strncmp(line, "VmRSS:", 6))
            kib = strtoul(line + 6, NULL, 10);
    fclose(status);
    return (double)kib * 1024;
}

/* Memory for what is out comes in steps, which the first quarter has begun. */
void bench_size(struct bench *b, const char *dir, const char *where, uint64_t nr_gfns)
{
    double start, start_cpu, present, squeezed, nr;

    bench_start(b, dir, true, where, nr_gfns);
    put_figure("start-ms", b->start_us / 1000);
    put_figure("start-cpu-ms", bench_pager_us(b) / 1000);
    put_figure("present-mib", present_bytes(b) / (1 << 20));
    put_figure("gfns", (double)b->domain->nr_gfns);
    bench_keep_together(b, true);
    bench_squeeze(b, b->pages->nr / 4 * 3);
    present = present_bytes(b);
    nr = (double)b->domain->page_outs;
    start = now_us();
    start_cpu = bench_pager_us(b);
    bench_squeeze(b, b->pages->nr / 4);
    nr = (double)b->domain->page_outs - nr;
    put_figure("out-pages-per-second", nr / (now_us() - start) * 1e6);
    put_figure("out-cpu-us-per-page", (bench_pager_us(b) - start_cpu) / nr);
    squeezed = present_bytes(b);
    put_figure("more-bytes-per-stored-page", (squeezed - present) / nr);
    put_figure("squeezed-mib", squeezed / (1 << 20));
    put_figure("stored-pages", (double)(b->domain->page_outs - b->domain->page_ins));
    start = now_us();
    start_cpu = bench_pager_us(b);
    bench_refill(b, 0);
    nr = (double)b->domain->page_ins;
    put_figure("in-pages-per-second", nr / (now_us() - start) * 1e6);
    put_figure("in-cpu-us-per-page", (bench_pager_us(b) - start_cpu) / nr);
    bench_end(b);
}
