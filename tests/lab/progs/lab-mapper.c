/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lab-mapper DOMID FIRST COUNT INCREMENTS: maps one of COUNT pages of the guest, from gfn FIRST
 * on, adds one to a counter in it, and unmaps it, INCREMENTS times. It reads all counters
 * before and after: "lost=N" of its writes are missing. Exits with 1 if there are any, with 2 on an
 * error.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
    for (unsigned long i = 0; i < increments; i++)
        increment(first + (unsigned long)random() % count);
    for (unsigned long i = 0; i < count; i++)
        added += get(first + i);
    printf("lost=%ld of %lu increments\n", (long)(increments - added), increments);
    return added == increments ? 0 : 1;
}
