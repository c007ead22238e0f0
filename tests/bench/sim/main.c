/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sim PART CASE DIR MIX PAGES WHAT STORE TEXT...: prints figures of a guest of that many such pages
 * on a simulated host; its files are in DIR, which is empty. WHAT is one of
 *
 * - stock, patched: our pager on such a Xen, with this store
 * - old: the one in $SIM_OLD_PAGER, with this file
 * - limits: what is the least for such pages; STORE is the name of a file
 * - swap: the kernel's own, with the swap that is on
 * - size=GIB: ours, with a guest of that size which is mostly a hole
 * - death-stock, death-patched: ours dies, and the next one takes over
 *
 * The rest of the environment is that of simxen.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_sim.h"
#include "figures.h"

#define NR_TOUCHES 3000 /* whose delays make a distribution */
#define MAX_SQUEEZES 40
#define SLACK 256

static struct pages mixes[NR_MIXES];

static const struct pages *mix_of(const char *name)
{
    for (int i = 0; i < NR_MIXES; i++)
        if (!strcmp(mixes[i].name, name))
            return &mixes[i];
    errx(1, "no pages are '%s'", name);
}

/* From all to half. */
static void put_eviction(struct bench *b)
{
    double start = now_us(), start_cpu = bench_pager_us(b), us, nr;
    uint64_t start_waited_ns = b->own->all_waited_ns;

    bench_squeeze(b, b->pages->nr / 2);
    nr = (double)b->domain->page_outs;
    us = now_us() - start;
    put_figure("out-pages-per-second", nr / us * 1e6);
    put_figure("out-cpu-us-per-page", (bench_pager_us(b) - start_cpu) / nr);
    us -= (double)(b->own->all_waited_ns - start_waited_ns) / 1e3;
    if (!b->old_pager)
        put_figure("own-out-pages-per-second", nr / us * 1e6);
}

/* Delays of page-ins, as the guest sees them, and what of them is the pager's. */
struct touches {
    double us[NR_TOUCHES], own_us[NR_TOUCHES];
    size_t nr;
};

static struct touches touches;

static void touch(struct bench *b)
{
    touches.us[touches.nr] = bench_touch(b, &touches.own_us[touches.nr]);
    touches.nr += touches.us[touches.nr] >= 0;
}

static void put_touches(const struct bench *b, const char *what, const char *own)
{
    if (touches.nr)
        put_delays(what, touches.us, touches.nr);
    if (touches.nr && !b->old_pager)
        put_delays(own, touches.own_us, touches.nr);
    touches.nr = 0;
}

static void put_touches_at_rest(struct bench *b)
{
    double start_cpu;

    start_cpu = bench_pager_us(b);
    while (touches.nr < NR_TOUCHES)
        touch(b);
    put_figure("at-rest-cpu-us-per-page", (bench_pager_us(b) - start_cpu) / NR_TOUCHES);
    put_touches(b, "at-rest", "own-at-rest");
}

/* From all to a quarter, again and again. */
static void put_touches_while_evicting(struct bench *b)
{
    for (int i = 0; i < MAX_SQUEEZES && touches.nr < NR_TOUCHES; i++) {
        bench_refill(b, SLACK);
        bench_begin_squeeze(b, b->pages->nr / 4);
        while (touches.nr < NR_TOUCHES && !bench_is_squeezed(b, b->pages->nr / 4))
            touch(b);
    }
    put_touches(b, "while-evicting", "own-while-evicting");
}

static void put_drain(struct bench *b)
{
    double nr, start;

    bench_squeeze(b, b->pages->nr / 4);
    nr = (double)b->domain->paged_pages;
    start = now_us();
    bench_end(b);
    put_figure("drain-pages-per-second", nr / (now_us() - start) * 1e6);
}

static void put_pager(struct bench *b)
{
    put_eviction(b);
    bench_squeeze(b, b->pages->nr / 4);
    bench_keep_together(b, true);
    put_touches_at_rest(b);
    put_touches_while_evicting(b);
    bench_keep_together(b, false);
    put_drain(b);
}

/* With three quarters out. The guest is paused for nearly all of it, if there is a supervisor. */
static void put_take_over(struct bench *b, const char *dir, bool patched, const char *store)
{
    double gib;

    bench_start(b, dir, patched, store, 0);
    bench_squeeze(b, b->pages->nr / 4);
    gib = (double)b->domain->paged_pages / (1 << 18);
    bench_take_over(b, dir, store);
    put_figure("out-gib", gib);
    put_figure("take-over-ms", b->start_us / 1000);
    put_figure("take-over-ms-per-gib", b->start_us / 1000 / gib);
    bench_end(b);
}

static void put(const char *what, const char *dir, const struct pages *pages, const char *store)
{
    struct bench b = {.pages = pages};

    if (!strcmp(what, "limits")) {
        put_limits("sim", pages, store);
    } else if (!strcmp(what, "swap")) {
        bench_swap(pages);
    } else if (!strncmp(what, "size=", 5)) {
        bench_size(&b, dir, store, strtoull(what + 5, NULL, 10) << 18);
    } else if (!strncmp(what, "death-", 6)) {
        put_take_over(&b, dir, !strcmp(what + 6, "patched"), store);
    } else {
        if (!strcmp(what, "old"))
            b.old_pager = getenv("SIM_OLD_PAGER");
        bench_start(&b, dir, !strcmp(what, "patched"), store, 0);
        put_pager(&b);
    }
}

int main(int argc, char **argv)
{
    if (argc < 9)
        errx(2, "usage: sim PART CASE DIR MIX PAGES WHAT STORE TEXT...");
    mix_pages(mixes, (unsigned int)atoi(argv[5]), argv + 8); /* NOLINT */
    figures_of(argv[1], argv[2]);
    put(argv[6], argv[3], mix_of(argv[4]), argv[7]);
    return 0;
}
