/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lab-holder DOMID FIRST COUNT: maps COUNT pages of the guest, from gfn FIRST on, says "held", and
 * keeps them. On SIGUSR1 it unmaps one of them and asks a patched Xen when that page is out: "out
 * after US us". On SIGTERM it unmaps the rest and ends with 0.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <xenforeignmemory.h>

#include "p2m/batch.h"
#include "p2m/report.h"
#include "p2m/xen.h"

#define POLL_US 200 /* the pager may have to share a processor with this */
#define LONGEST_US (INT64_C(30) * 1000000)

static xenforeignmemory_handle *memory;

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* The library waits for a page that is out. */
static void *map(xen_pfn_t gfn)
{
    int error = 0;
    void *page = xenforeignmemory_map(memory, xen_domid, PROT_READ | PROT_WRITE, 1, &gfn, &error);

    if (!page || error)
        inconclusive("mapping %lx: %s", (unsigned long)gfn, strerror(error ? -error : errno));
    return page;
}

static int is_out(uint64_t gfn, struct batch_entry *entry)
{
    *entry = (struct batch_entry){.gfn = gfn, .op = BATCH_QUERY};
    must("a query", batch_call(xen_domid, entry, 1));
    return entry->rc == STATE_PAGED;
}

static void let_one_go(uint64_t gfn, void *page, struct batch_entry *entry)
{
    int64_t start = now_us();

    xenforeignmemory_unmap(memory, page, 1);
    while (!is_out(gfn, entry)) {
        if (now_us() - start > LONGEST_US)
            inconclusive("%lx is not out after %ld us", (unsigned long)gfn, (long)LONGEST_US);
        usleep(POLL_US);
    }
    printf("out after %ld us\n", (long)(now_us() - start));
}

/* Until SIGTERM. */
static void hold(uint64_t first, void **pages, unsigned long count, const sigset_t *signals)
{
    struct batch_entry *entry = batch_alloc(sizeof(*entry));
    int signal;

    while (sigwait(signals, &signal) == 0 && signal == SIGUSR1 && count > 0) {
        count--;
        let_one_go(first + count, pages[count], entry);
    }
    while (count > 0)
        xenforeignmemory_unmap(memory, pages[--count], 1);
}

static void wait_for_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGUSR1);
    sigaddset(signals, SIGTERM);
    sigprocmask(SIG_BLOCK, signals, NULL);
}

int main(int argc, char **argv)
{
    unsigned long first, count;
    sigset_t signals;
    void **pages;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 4)
        inconclusive("usage: %s DOMID FIRST COUNT", argv[0]);
    xen_open((uint32_t)strtoul(argv[1], NULL, 10));
    first = strtoul(argv[2], NULL, 10);
    count = strtoul(argv[3], NULL, 10);
    memory = xenforeignmemory_open(NULL, 0);
    pages = calloc(count, sizeof(*pages));
    if (!memory || !pages)
        inconclusive("no memory, or no way to map it");
    wait_for_signals(&signals);
    for (unsigned long i = 0; i < count; i++)
        pages[i] = map(first + i);
    printf("held\n");
    hold(first, pages, count, &signals);
    return 0;
}
