/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lab-mapper DOMID FIRST COUNT INCREMENTS: maps one of COUNT pages of the guest, from gfn FIRST
 * on, adds one to a counter in it, and unmaps it, INCREMENTS times. It reads all counters
 * before and after: "lost=N" of its writes are missing. "rate=N" is in increments a second. Exits
 * with 1 if writes are lost, with 2 on an error.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <xenforeignmemory.h>

static xenforeignmemory_handle *memory;
static uint32_t domid;

/* The library waits for a page that is out. */
static uint64_t *map(xen_pfn_t gfn)
{
    int error = 0;
    uint64_t *page = xenforeignmemory_map(memory, domid, PROT_READ | PROT_WRITE, 1, &gfn, &error);

    if (page && !error)
        return page;
    fprintf(stderr, "mapping %lx: %s\n", (unsigned long)gfn, strerror(error ? -error : errno));
    exit(2);
}

static void increment(xen_pfn_t gfn)
{
    uint64_t *page = map(gfn);

    ++*page;
    xenforeignmemory_unmap(memory, page, 1);
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Returns the longest that one took, in us. */
static int64_t increment_at_random(unsigned long first, unsigned long count,
                                   unsigned long increments)
{
    int64_t longest = 0;

    for (unsigned long i = 0; i < increments; i++) {
        int64_t start = now_us(), us;

        increment(first + (unsigned long)random() % count);
        us = now_us() - start;
        if (us > longest)
            longest = us;
    }
    return longest;
}

static uint64_t get(xen_pfn_t gfn)
{
    uint64_t *page = map(gfn);
    uint64_t value = *page;

    xenforeignmemory_unmap(memory, page, 1);
    return value;
}

int main(int argc, char **argv)
{
    unsigned long first, count, increments;
    int64_t us, longest_us;
    uint64_t added = 0;

    memory = xenforeignmemory_open(NULL, 0);
    if (argc != 5 || !memory) {
        fprintf(stderr, "usage: %s DOMID FIRST COUNT INCREMENTS\n", argv[0]);
        return 2;
    }
    domid = (uint32_t)strtoul(argv[1], NULL, 10);
    first = strtoul(argv[2], NULL, 10);
    count = strtoul(argv[3], NULL, 10);
    increments = strtoul(argv[4], NULL, 10);
    for (unsigned long i = 0; i < count; i++)
        added -= get(first + i);
    us = now_us();
    longest_us = increment_at_random(first, count, increments);
    us = now_us() - us;
    for (unsigned long i = 0; i < count; i++)
        added += get(first + i);
    printf("lost=%ld of %lu increments, rate=%.0f, longest %.1f ms\n", (long)(increments - added),
           increments, (double)increments / ((double)us / 1e6), (double)longest_us / 1e3);
    return added == increments ? 0 : 1;
}
