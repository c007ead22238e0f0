/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "pool.h"
#include "report.h"

#define WAIT_STEP_MS 20
#define WAIT_STEPS 1500
#define BLOCKS_PER_PAGE 2 /* of the pool: these blocks are used, the rest of the disk is not */
#define MOVES_PER_CHECK 7

static struct {
    int fd;
    uint64_t blocks;
    struct page_id *block_ids; /* what each block holds */
    struct pool pool;
    uint64_t random;
    pthread_t thread;
    _Atomic uint64_t moves, max_us;
} disk;

static uint64_t any_of(uint64_t count)
{
    return pool_lot(&disk.random, count);
}

static bool is_whole(ssize_t done, const char *what, uint64_t block)
{
    if (done == PAGE_BYTES)
        return true;
    report_error("disk: cannot %s block %" PRIu64 ": %s", what, block,
                 done < 0 ? strerror(errno) : "short");
    return false;
}

static bool write_block(uint64_t page, uint64_t block)
{
    disk.block_ids[block] = disk.pool.ids[page];
    return is_whole(
        pwrite(disk.fd, pool_page(&disk.pool, page), PAGE_BYTES, (off_t)(block * PAGE_BYTES)),
        "write", block);
}

static bool read_block(uint64_t page, uint64_t block)
{
    disk.pool.ids[page] = disk.block_ids[block];
    return is_whole(
        pread(disk.fd, pool_page(&disk.pool, page), PAGE_BYTES, (off_t)(block * PAGE_BYTES)),
        "read", block);
}

static bool move(bool out)
{
    uint64_t page = any_of(disk.pool.pages), block = any_of(disk.blocks), start = clock_ns() / 1000;
    bool good = out ? write_block(page, block) : read_block(page, block);
    uint64_t us = clock_ns() / 1000 - start;

    if (us > disk.max_us)
        disk.max_us = us;
    disk.moves++;
    return good;
}

static bool check(uint64_t page)
{
    bool good = pool_check(&disk.pool, page);

    if (good)
        pool_renew(&disk.pool, page);
    return good;
}

static void *disk_main(void *arg)
{
    bool good = true;

    while (good) {
        for (int i = 0; good && i < MOVES_PER_CHECK; i++)
            good = move(any_of(2));
        good = good && check(any_of(disk.pool.pages));
    }
    return arg;
}

static int open_when_there(const char *path)
{
    struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000};
    int fd = -1;

    for (int i = 0; i < WAIT_STEPS; i++) {
        fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
        if (fd >= 0 || (errno != ENOENT && errno != ENXIO))
            break;
        nanosleep(&step, NULL);
    }
    return fd;
}

static int open_disk(const char *path, uint64_t pool_pages)
{
    off_t size;

    disk.fd = open_when_there(path);
    size = disk.fd < 0 ? -1 : lseek(disk.fd, 0, SEEK_END);
    if (size < 0) {
        report_error("disk: cannot open %s: %s", path, strerror(errno));
        return -errno;
    }
    disk.blocks = (uint64_t)size / PAGE_BYTES;
    if (disk.blocks > pool_pages * BLOCKS_PER_PAGE)
        disk.blocks = pool_pages * BLOCKS_PER_PAGE;
    if (disk.blocks == 0) {
        report_error("disk: %s is smaller than a page", path);
        return -EINVAL;
    }
    return 0;
}

static int fill(void)
{
    for (uint64_t block = 0; block < disk.blocks; block++)
        if (!write_block(block % disk.pool.pages, block))
            return -EIO;
    return 0;
}

int disk_start(const char *path, uint64_t pool_pages)
{
    int rc = open_disk(path, pool_pages);

    if (rc == 0)
        rc = pool_create(&disk.pool, "disk", pool_pages);
    if (rc < 0)
        return rc;
    disk.block_ids = calloc(disk.blocks, sizeof(*disk.block_ids));
    if (!disk.block_ids) {
        report_error("disk: no memory for its contents' names");
        return -ENOMEM;
    }
    rc = fill();
    if (rc < 0)
        return rc;
    rc = pthread_create(&disk.thread, NULL, disk_main, NULL);
    if (rc)
        report_error("disk: cannot start its thread: %s", strerror(rc));
    return -rc;
}

void disk_report(void)
{
    report_moves("disk", disk.moves, disk.max_us);
}
