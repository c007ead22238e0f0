/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "report.h"

static int allocate(struct pool *pool)
{
    size_t bytes = pool->pages * PAGE_BYTES;
    void *p = MAP_FAILED;

    pool->ids = calloc(pool->pages, sizeof(*pool->ids));
    pool->fd = memfd_create(pool->what, MFD_CLOEXEC);
    if (pool->ids && pool->fd >= 0 && ftruncate(pool->fd, (off_t)bytes) == 0)
        p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, pool->fd, 0);
    if (p == MAP_FAILED) {
        int rc = -errno;

        report_error("%s: no memory for %" PRIu64 " pages: %s", pool->what, pool->pages,
                     strerror(-rc));
        return rc;
    }
    pool->words = p;
    return 0;
}

void pool_renew(struct pool *pool, uint64_t page)
{
    pool->ids[page] = (struct page_id){.page = page, .version = ++pool->last_version};
    pattern_fill(pool_page(pool, page), pool->ids[page], 0);
}

int pool_create(struct pool *pool, const char *what, uint64_t pages)
{
    *pool = (struct pool){.pages = pages, .what = what};

    int rc = allocate(pool);

    for (uint64_t page = 0; rc == 0 && page < pages; page++)
        pool_renew(pool, page);
    return rc;
}

uint64_t *pool_page(const struct pool *pool, uint64_t page)
{
    return pool->words + page * PAGE_WORDS;
}

bool pool_check(const struct pool *pool, uint64_t page)
{
    struct page_id id = pool->ids[page];
    struct mismatch wrong;

    if (!pattern_check(pool_page(pool, page), id, 0, &wrong)) {
        report_error("%s: page %" PRIu64 " version %" PRIu32
                     " came wrong: word=%u expected=0x%016" PRIx64 " found=0x%016" PRIx64,
                     pool->what, id.page, id.version, wrong.word, wrong.expected, wrong.found);
        return false;
    }
    return true;
}

uint64_t pool_lot(uint64_t *random, uint64_t count)
{
    return pattern_mix(++*random) % count;
}
