/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that has to be done with the pages, and nothing around it. */
#include <err.h>
#include <fcntl.h>
#include <liburing.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_store.h"
#include "compressor.h"
#include "figures.h"
#include "page.h"

#define DEPTH 32

/* Pages in a second, and us of processor for each. 0: cannot be had here. */
struct limit {
    double out, cpu_us;
};

struct start {
    double us, cpu_us;
};

static struct start begin(void)
{
    return (struct start){now_us(), processor_us()};
}

static struct limit end(const struct pages *pages, struct start start)
{
    return (struct limit){pages->nr / (now_us() - start.us) * 1e6,
                          (processor_us() - start.cpu_us) / pages->nr};
}

static struct limit limit_memcpy(const struct pages *pages)
{
    char *copy = calloc(pages->nr, PAGE_BYTES);
    struct start start;
    struct limit limit;

    if (!copy)
        err(1, "calloc");
    memset(copy, 1, (size_t)pages->nr * PAGE_BYTES); /* present */
    start = begin();
    for (unsigned int i = 0; i < pages->nr; i++)
        memcpy(copy + (size_t)i * PAGE_BYTES, page_at(pages, i), PAGE_BYTES);
    limit = end(pages, start);
    free(copy);
    return limit;
}

static struct limit limit_pack(const struct pages *pages, const char *compression)
{
    struct compressor *c = compressor_create(compression);
    char packed[PAGE_BYTES];
    struct start start = begin();
    struct limit limit;

    if (!c)
        err(1, "%s", compression);
    for (unsigned int i = 0; i < pages->nr; i++)
        compressor_pack(c, page_at(pages, i), packed, sizeof(packed));
    limit = end(pages, start);
    compressor_destroy(c);
    return limit;
}

static int open_file(const char *path, int flags)
{
    return open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0600);
}

static struct limit limit_pwrite(const struct pages *pages, const char *path)
{
    int fd = open_file(path, 0);
    struct start start = begin();
    struct limit limit;

    for (unsigned int i = 0; i < pages->nr; i++)
        if (pwrite(fd, page_at(pages, i), PAGE_BYTES, (off_t)i * PAGE_BYTES) != PAGE_BYTES)
            err(1, "%s", path);
    limit = end(pages, start);
    close(fd);
    unlink(path);
    return limit;
}

static void wait_for_one(struct io_uring *ring)
{
    struct io_uring_cqe *cqe;

    if (io_uring_wait_cqe(ring, &cqe) || cqe->res != PAGE_BYTES)
        errx(1, "io_uring: a write failed");
    io_uring_cqe_seen(ring, cqe);
}

static void write_through(struct io_uring *ring, const struct pages *pages, int fd)
{
    unsigned int in_flight = 0;

    for (unsigned int i = 0; i < pages->nr; i++) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

        io_uring_prep_write(sqe, fd, page_at(pages, i), PAGE_BYTES, (uint64_t)i * PAGE_BYTES);
        io_uring_submit(ring);
        if (++in_flight == DEPTH)
            wait_for_one(ring), in_flight--;
    }
    while (in_flight--)
        wait_for_one(ring);
}

static struct limit limit_uring(const struct pages *pages, const char *path, int flags)
{
    struct io_uring ring;
    struct start start;
    struct limit limit;
    int fd;

    if (io_uring_queue_init(DEPTH, &ring, 0))
        return (struct limit){0};
    fd = open_file(path, flags);
    if (fd < 0) {
        io_uring_queue_exit(&ring);
        return (struct limit){0};
    }
    start = begin();
    write_through(&ring, pages, fd);
    limit = end(pages, start);
    io_uring_queue_exit(&ring);
    close(fd);
    unlink(path);
    return limit;
}

static void put(const char *part, const char *name, const struct pages *pages, struct limit limit)
{
    char full[64];

    snprintf(full, sizeof(full), "%s-%s", name, pages->name);
    figures_of(part, full);
    put_figure("out-pages-per-second", limit.out > 0 ? limit.out : NAN);
    put_figure("out-cpu-us-per-page", limit.out > 0 ? limit.cpu_us : NAN);
}

void put_limits(const char *part, const struct pages *pages, const char *path)
{
    put(part, "memcpy alone", pages, limit_memcpy(pages));
    put(part, "lz4 alone", pages, limit_pack(pages, "lz4"));
    put(part, "zstd alone", pages, limit_pack(pages, "zstd"));
    put(part, "pwrite alone", pages, limit_pwrite(pages, path));
    put(part, "io_uring alone", pages, limit_uring(pages, path, 0));
    put(part, "io_uring alone, O_DIRECT", pages, limit_uring(pages, path, O_DIRECT));
}
