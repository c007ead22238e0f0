/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the benchmark of stores share. */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

/* Pages to put out, one after the other. */
struct pages {
    const char *name;
    char *data;
    unsigned int nr;
};

/* zero, text (of the files), image (this process's libraries), random, mixed. */
#define NR_MIXES 5
void mix_pages(struct pages mixes[NR_MIXES], unsigned int nr, char **text_files);

static inline void *page_at(const struct pages *pages, unsigned int i)
{
    return pages->data + (size_t)i % pages->nr * 4096;
}

static inline double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* All threads', kernel and user. */
static inline double processor_us(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/*
 * The work that cannot be left out, and nothing around it: figures of a part, each limit a case.
 * The file at path is made for it, and goes.
 */
void put_limits(const char *part, const struct pages *pages, const char *path);

#endif
