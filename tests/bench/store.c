/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store DIRECTORY URI PAGES TEXT...: figures of what the engines of the store take and give, beside
 * the limits of this machine, all measured in this run, on pages of several kinds. A file in
 * DIRECTORY and the server URI are used.
 */
#include <err.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_store.h"
#include "figures.h"
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
    trip->io.slot = STORE_SLOT_NONE;
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

static void put_all_out(struct run *run)
{
    double start = now_us(), start_cpu = processor_us();

    run->next = run->nr_done = 0;
    send_window(run);
    while (run->nr_done < run->pages->nr)
        event_base_loop(run->base, EVLOOP_ONCE);
    put_figure("out-pages-per-second", run->nr_done / (now_us() - start) * 1e6);
    put_figure("out-cpu-us-per-page", (processor_us() - start_cpu) / run->nr_done);
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

static void get_some(struct run *run, const char *what)
{
    static double us[NR_READS];

    srandom(1);
    for (int i = 0; i < NR_READS; i++)
        us[i] = get_one(run, (uint32_t)random() % run->pages->nr);
    put_delays(what, us, NR_READS);
}

/* While as many page-outs as can be are under way: all to slots that are freed at once. */
static void get_some_while_busy(struct run *run)
{
    run->again = true;
    run->next = run->nr_done = 0;
    send_window(run);
    get_some(run, "busy");
}

static void measure(struct event_base *base, const struct pages *pages,
                    const struct store_options *options)
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
    put_all_out(&run);
    get_some(&run, "idle");
    start = now_us();
    for (uint32_t i = 0; i < pages->nr; i++)
        get_one(&run, i);
    put_figure("in-pages-per-second", pages->nr / (now_us() - start) * 1e6);
    get_some_while_busy(&run);
    store_remove(run.store);
    store_close(run.store);
    free(run.slots);
    free(run.buffer);
}

/* A store; NULL is the URI, and %s the file. */
static const struct engine {
    const char *name, *where, *compression;
    enum store_encryption encryption;
} engines[] = {
    {"memory", "memory:4G", "lz4", STORE_ENCRYPT_BY_DEFAULT},
    {"memory, zstd", "memory:4G", "zstd", STORE_ENCRYPT_BY_DEFAULT},
    {"memory:16M and file", "memory:16M,%s", "lz4", STORE_ENCRYPT_BY_DEFAULT},
    {"file", "%s", NULL, STORE_ENCRYPT_NO},
    {"file, encrypted", "%s", NULL, STORE_ENCRYPT_YES},
    {"nbd", NULL, NULL, STORE_ENCRYPT_NO},
    {"nbd, encrypted", NULL, NULL, STORE_ENCRYPT_YES},
};

static void run_engine(struct event_base *base, const struct pages *pages,
                       const struct engine *engine, const char *path, const char *uri)
{
    char where[512], name[64];
    struct store_options options = {
        .where = where, .compression = engine->compression, .encryption = engine->encryption};

    if (engine->where)
        snprintf(where, sizeof(where), engine->where, path); /* NOLINT */
    else
        snprintf(where, sizeof(where), "%s", uri);
    snprintf(name, sizeof(name), "%s-%s", engine->name, pages->name);
    figures_of("store", name);
    measure(base, pages, &options);
}

int main(int argc, char **argv)
{
    struct pages mixes[NR_MIXES];
    struct event_base *base = create_base();
    char path[256];

    if (argc < 5)
        errx(1, "usage: store DIRECTORY URI PAGES TEXT...");
    log_set_level(LOG_LEVEL_WARNING);
    snprintf(path, sizeof(path), "%s/bench-store", argv[1]);
    mix_pages(mixes, (unsigned int)atoi(argv[3]), argv + 4); /* NOLINT */
    for (int i = 0; i < NR_MIXES; i++) {
        put_limits("store", &mixes[i], path);
        for (size_t k = 0; k < sizeof(engines) / sizeof(engines[0]); k++)
            run_engine(base, &mixes[i], &engines[k], path, argv[2]);
    }
    event_base_free(base);
    return 0;
}
