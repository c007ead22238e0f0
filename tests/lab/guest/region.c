/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "pattern.h"
#include "report.h"

/*
 * Not MAP_POPULATE: it comes before one can say MADV_NOHUGEPAGE, and it hides a lack of memory.
 * A kernel without huge pages, or too old to populate on advice, says EINVAL; both are fine.
 */
static void *allocate(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    if (madvise(p, bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL)
        return NULL;
    if (madvise(p, bytes, MADV_POPULATE_WRITE) < 0 && errno != EINVAL)
        return NULL;
    return p;
}

int region_create(struct region *r, uint64_t pages)
{
    r->pages = pages;
    r->words = allocate(pages * PAGE_BYTES);
    r->versions = r->words ? allocate(pages * sizeof(*r->versions)) : NULL;
    if (!r->versions) {
        int rc = -errno;

        report_error("no memory for %llu pages: %s", (unsigned long long)pages, strerror(-rc));
        return rc;
    }
    return 0;
}

uint64_t *region_page(const struct region *r, uint64_t page)
{
    return r->words + page * PAGE_WORDS;
}
