/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store DIRECTORY URI PAGES TEXT...: what the engines of the store take and give, beside the limits
 * of this machine, all measured in this run, on pages of several kinds. A file in DIRECTORY and the
 * server URI are used; an URI of "-" is none.
 */
#include <err.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_store.h"
#include "log.h"
#include "page.h"
#include "priorities.h"
#include "store.h"

#define WINDOW 128 /* page-outs under way */
#define NR_READS 4000

/* One page on its way, and where it is from. */
struct trip {
    struct store_io io;
    struct run *run;
};

struct run {
    struct event_base *base;
    struct store *store;
    const struct pages *pages;
    uint32_t *slots;
    unsigned int next, nr_done;
    bool again; /* page-outs go on and on, of the pages that went out already */
    struct trip trips[WINDOW];
    struct trip read;
    bool is_read;
    char *buffer;
};

struct figures {
    double out, in, cpu_us;  /* pages/s; us of processor for a page that goes out */
    double idle[3], busy[3]; /* us: p50, p99, max of a page-in, while nothing else, or much, */
};

static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    event_config_set_max_dispatch_interval(config, NULL, 1, PRIORITY_BACKGROUND);
    base = event_base_new_with_config(config);
    event_config_free(config);
    if (!base || event_base_priority_init(base, NR_PRIORITIES))
        errx(1, "no event loop");
    return base;
}

static void send_next(struct trip *trip)
{
    struct run *run = trip->run;

    if (run->next == run->pages->nr)
        return;
    trip->io.gfn = run->next++;
    trip->io.page = page_at(run->pages, trip->io.gfn);
    store_page_out(run->store, &trip->io);
}

static void sent(struct store_io *io)
{
    struct trip *trip = (struct trip *)io;
    struct run *run = trip->run;

    if (io->error)
        errx(1, "page-out: %s", strerror(-io->error));
    if (run->again)
        store_free(run->store, io->slot);
    else
        run->slots[io->gfn] = io->slot;
    if (++run->nr_done == run->pages->nr && !run->again)
        event_base_loopbreak(run->base);
    if (run->again && run->next == run->pages->nr)
        run->next = 0;
    send_next(trip);
}

static void send_window(struct run *run)
{
    for (int i = 0; i < WINDOW; i++) {
        run->trips[i] = (struct trip){.run = run, .io.done = sent};
        send_next(&run->trips[i]);
    }
}

static void put_all_out(struct run *run, struct figures *f)
{
    double start = now_us(), start_cpu = processor_us();

    run->next = run->nr_done = 0;
    send_window(run);
    while (run->nr_done < run->pages->nr)
        event_base_loop(run->base, EVLOOP_ONCE);
    f->out = run->nr_done / (now_us() - start) * 1e6;
    f->cpu_us = (processor_us() - start_cpu) / run->nr_done;
}

static void got(struct store_io *io)
{
    struct trip *trip = (struct trip *)io;

    if (io->error)
        errx(1, "page-in: %s", strerror(-io->error));
    trip->run->is_read = true;
    event_base_loopbreak(trip->run->base);
}

/* Returns how long it took, in us. The loop breaks as soon as it is there. */
static double get_one(struct run *run, uint32_t gfn)
{
    double start = now_us();

    run->read = (struct trip){
        .io = {.gfn = gfn, .slot = run->slots[gfn], .page = run->buffer, .done = got}, .run = run};
    run->is_read = false;
    store_page_in(run->store, &run->read.io, STORE_FAULT);
    while (!run->is_read)
        event_base_loop(run->base, EVLOOP_ONCE);
    start = now_us() - start;
    if (memcmp(run->buffer, page_at(run->pages, gfn), PAGE_BYTES))
        errx(1, "page %u is not what it was", gfn);
    return start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void get_some(struct run *run, double figures[3])
{
    static double us[NR_READS];

    srandom(1);
    for (int i = 0; i < NR_READS; i++)
        us[i] = get_one(run, (uint32_t)random() % run->pages->nr);
    qsort(us, NR_READS, sizeof(us[0]), compare);
    figures[0] = us[NR_READS / 2];
    figures[1] = us[NR_READS * 99 / 100];
    figures[2] = us[NR_READS - 1];
}

/* While as many page-outs as can be are under way: all to slots that are freed at once. */
static void get_some_while_busy(struct run *run, double figures[3])
{
    run->again = true;
    run->next = run->nr_done = 0;
    send_window(run);
    get_some(run, figures);
}

static void measure(struct event_base *base, const struct pages *pages,
                    const struct store_options *options, struct figures *f)
{
    struct run run = {.base = base, .pages = pages};
    char message[256];
    double start;

    if (store_open(base, options, &run.store, message, sizeof(message)))
        errx(1, "%s", message);
    run.slots = calloc(pages->nr, sizeof(*run.slots));
    run.buffer = aligned_alloc(PAGE_BYTES, PAGE_BYTES);
    if (!run.slots || !run.buffer)
        err(1, "calloc");
    put_all_out(&run, f);
    get_some(&run, f->idle);
    start = now_us();
    for (uint32_t i = 0; i < pages->nr; i++)
        get_one(&run, i);
    f->in = pages->nr / (now_us() - start) * 1e6;
    get_some_while_busy(&run, f->busy);
    store_remove(run.store);
    store_close(run.store);
    free(run.slots);
    free(run.buffer);
}

enum which_limit { MEMCPY, LZ4, ZSTD, PWRITE, URING, URING_DIRECT, NR_LIMITS };

static const char *const limit_names[NR_LIMITS] = {
    "memcpy alone", "lz4 alone",      "zstd alone",
    "pwrite alone", "io_uring alone", "io_uring alone, O_DIRECT",
};

static void measure_limits(const struct pages *pages, const char *path, struct limit *limits)
{
    limits[MEMCPY] = limit_memcpy(pages);
    limits[LZ4] = limit_pack(pages, "lz4");
    limits[ZSTD] = limit_pack(pages, "zstd");
    limits[PWRITE] = limit_pwrite(pages, path);
    limits[URING] = limit_uring(pages, path, 0);
    limits[URING_DIRECT] = limit_uring(pages, path, O_DIRECT);
}

static void print_limits(const struct pages *pages, const struct limit *limits)
{
    for (int i = 0; i < NR_LIMITS; i++)
        if (limits[i].out > 0)
            printf("%-7s %-28s %9.0f %9s %7.2f\n", pages->name, limit_names[i], limits[i].out, "",
                   limits[i].cpu_us);
        else
            printf("%-7s %-28s %9s\n", pages->name, limit_names[i], "not here");
}

/* The processor's time is compared: on a busy machine the other one says little. */
static void print_figures(const struct pages *pages, const char *name, const struct figures *f,
                          const char *limit_name, const struct limit *limit)
{
    printf("%-7s %-28s %9.0f %9.0f %7.2f  %5.2f of %-14s %6.1f %6.1f %7.0f  %6.1f %6.1f %7.0f\n",
           pages->name, name, f->out, f->in, f->cpu_us, limit->cpu_us / f->cpu_us, limit_name,
           f->idle[0], f->idle[1], f->idle[2], f->busy[0], f->busy[1], f->busy[2]);
}

/* A store; PATH and URI stand for what the command line has. */
static const struct engine {
    const char *name, *where, *compression;
    enum store_encryption encryption;
    enum which_limit limit;
} engines[] = {
    {"memory", "memory:4G", "lz4", STORE_ENCRYPT_BY_DEFAULT, LZ4},
    {"memory, zstd", "memory:4G", "zstd", STORE_ENCRYPT_BY_DEFAULT, ZSTD},
    {"memory:16M,PATH", "memory:16M,%s", "lz4", STORE_ENCRYPT_BY_DEFAULT, LZ4},
    {"PATH", "%s", NULL, STORE_ENCRYPT_NO, PWRITE},
    {"PATH, encrypted", "%s", NULL, STORE_ENCRYPT_YES, PWRITE},
    {"URI", NULL, NULL, STORE_ENCRYPT_NO, PWRITE},
    {"URI, encrypted", NULL, NULL, STORE_ENCRYPT_YES, PWRITE},
};

static void run_engine(struct event_base *base, const struct pages *pages,
                       const struct engine *engine, const char *path, const char *uri,
                       const struct limit *limits)
{
    char where[512];
    struct store_options options = {
        .where = where, .compression = engine->compression, .encryption = engine->encryption};
    const enum which_limit limit = strcmp(pages->name, "zero") == 0 ? MEMCPY : engine->limit;
    struct figures f;

    if (!engine->where && !strcmp(uri, "-")) {
        printf("%-7s %-28s %9s\n", pages->name, engine->name, "not here");
        return;
    }
    if (engine->where)
        snprintf(where, sizeof(where), engine->where, path); /* NOLINT */
    else
        snprintf(where, sizeof(where), "%s", uri);
    measure(base, pages, &options, &f);
    print_figures(pages, engine->name, &f, limit_names[limit], &limits[limit]);
}

static void print_heading(void)
{
    printf("%-7s %-28s %9s %9s %7s  %-23s %-21s  %-21s\n", "", "", "out", "in", "cpu/out",
           "cpu of the limit", "page-in, idle [us]", "page-in, evicting [us]");
    printf("%-7s %-28s %9s %9s %7s  %-23s %6s %6s %7s  %6s %6s %7s\n", "pages", "store", "pages/s",
           "pages/s", "us", "to the store's", "p50", "p99", "max", "p50", "p99", "max");
}

int main(int argc, char **argv)
{
    struct pages mixes[NR_MIXES];
    struct event_base *base = create_base();
    char path[256];

    if (argc < 5)
        errx(1, "usage: store DIRECTORY URI PAGES TEXT...");
    setvbuf(stdout, NULL, _IOLBF, 0);
    log_set_level(LOG_LEVEL_WARNING);
    snprintf(path, sizeof(path), "%s/bench-store", argv[1]);
    mix_pages(mixes, (unsigned int)atoi(argv[3]), argv + 4); /* NOLINT */
    print_heading();
    for (int i = 0; i < NR_MIXES; i++) {
        struct limit limits[NR_LIMITS];

        measure_limits(&mixes[i], path, limits);
        print_limits(&mixes[i], limits);
        for (size_t k = 0; k < sizeof(engines) / sizeof(engines[0]); k++)
            run_engine(base, &mixes[i], &engines[k], path, argv[2], limits);
    }
    event_base_free(base);
    return 0;
}
