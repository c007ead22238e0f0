/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lab-reader DOMID GFNS MAPS: maps random gfns below GFNS, 8 at a time, MAPS times, and reads
 * them. Pages that are out are waited for, as long as it takes. Exits with 1 if a map fails.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenforeignmemory.h>

#define BATCH 8
#define PAGE_BYTES 4096
#define RETRY_US 1000

static volatile uint64_t sum;
static unsigned long nr_retries;

/* The library waits for paged-out pages only if the last of them is one: see to the rest. */
static int is_paged_out(const int *errors)
{
    for (int i = 0; i < BATCH; i++)
        if (errors[i] == -ENOENT)
            return 1;
    return 0;
}

static void *map(xenforeignmemory_handle *memory, uint32_t domid, const xen_pfn_t *gfns)
{
    for (;; nr_retries++, usleep(RETRY_US)) {
        int errors[BATCH] = {0};
        void *pages = xenforeignmemory_map(memory, domid, PROT_READ, BATCH, gfns, errors);

        if (!pages || !is_paged_out(errors))
            return pages;
        xenforeignmemory_unmap(memory, pages, BATCH);
    }
}

static int map_and_read(xenforeignmemory_handle *memory, uint32_t domid, unsigned long nr_gfns)
{
    xen_pfn_t gfns[BATCH];
    const char *pages;

    for (int i = 0; i < BATCH; i++)
        gfns[i] = 1024 + (unsigned long)random() % (nr_gfns - 1024);
    pages = map(memory, domid, gfns);
    if (!pages)
        return -1;
    for (int i = 0; i < BATCH; i++)
        sum += *(const uint64_t *)(pages + i * PAGE_BYTES);
    return xenforeignmemory_unmap(memory, (void *)(uintptr_t)pages, BATCH);
}

int main(int argc, char **argv)
{
    xenforeignmemory_handle *memory = xenforeignmemory_open(NULL, 0);
    unsigned long nr_maps = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (!memory || !nr_maps) {
        fprintf(stderr, "usage: %s DOMID GFNS MAPS\n", argv[0]);
        return 1;
    }
    for (unsigned long i = 1; i <= nr_maps; i++) {
        if (map_and_read(memory, (uint32_t)atoi(argv[1]), strtoul(argv[2], NULL, 10))) {
            printf("map %lu failed: %s\n", i, strerror(errno));
            return 1;
        }
        if (i % 500 == 0)
            printf("%lu maps, %lu retries\n", i, nr_retries);
    }
    return 0;
}
