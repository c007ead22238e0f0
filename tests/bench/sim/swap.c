/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer that everybody knows: the kernel pages this program out, packed by zswap. */
#include "bench_sim.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "figures.h"

static char *copy_of(const struct pages *pages)
{
    size_t size = (size_t)pages->nr * PAGE_BYTES;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || madvise(memory, size, MADV_NOHUGEPAGE))
        err(1, "mmap");
    memcpy(memory, pages->data, size);
    return memory;
}

static bool is_there(const char *page)
{
    unsigned char vector;

    if (mincore((void *)(uintptr_t)page, PAGE_BYTES, &vector))
        err(1, "mincore");
    return vector & 1;
}

static unsigned int nr_out(char *memory, unsigned int nr)
{
    unsigned char *vector = malloc(nr);
    unsigned int out = 0;

    if (!vector || mincore(memory, (size_t)nr * PAGE_BYTES, vector))
        err(1, "mincore");
    for (unsigned int i = 0; i < nr; i++)
        out += !(vector[i] & 1);
    free(vector);
    return out;
}

static void put_touches(const char *memory, const struct pages *pages, double *us)
{
    uint64_t random = 1;
    size_t n = 0;

    for (unsigned int i = 0; i < pages->nr; i++) {
        unsigned int which = draw(&random, pages->nr);
        const char *page = memory + (size_t)which * PAGE_BYTES;
        double start;

        if (is_there(page))
            continue;
        start = now_us();
        (void)*(const volatile char *)page;
        us[n++] = now_us() - start;
        if (memcmp(page, page_at(pages, which), PAGE_BYTES))
            errx(1, "page %u is not what it was", which);
    }
    if (n)
        put_delays("at-rest", us, n);
}

void bench_swap(const struct pages *pages)
{
    char *memory = copy_of(pages);
    double *us = calloc(pages->nr, sizeof(*us));
    double start = now_us(), start_cpu = processor_us(), nr;

    if (!us || madvise(memory, (size_t)pages->nr * PAGE_BYTES, MADV_PAGEOUT))
        err(1, "madvise");
    nr = nr_out(memory, pages->nr);
    if (nr > 0) {
        put_figure("out-pages-per-second", nr / (now_us() - start) * 1e6);
        put_figure("out-cpu-us-per-page", (processor_us() - start_cpu) / nr);
        put_touches(memory, pages, us);
    }
    free(us);
    munmap(memory, (size_t)pages->nr * PAGE_BYTES);
}
