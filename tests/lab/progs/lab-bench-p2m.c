/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab-bench-p2m DOMID: counts the instructions that operations on pages of a guest take, Xen's,
 * dom0's kernel's and the program's together. Prints for each row
 *
 *   BENCH ROW MEDIAN FIRST-QUARTILE THIRD-QUARTILE SAMPLES
 *
 * with instructions per page. Samples are so short that few have a timer interrupt in them. Nothing
 * is printed before the end, as others in dom0 would wake up for it and be counted.
 *
 * The guest is a paused PVH one of 96 MiB that never ran. The machine must be one whose TSC counts
 * instructions; that is checked.
 *
 * Pages go out and in as the pager does it: with its xen_ops.h, in its way for this Xen.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>
#include <x86intrin.h>

#include <xen/hvm/hvm_op.h>
#include <xencall.h>
#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "page.h"
#include "xen_ops.h"
#include "xen_paging_batch.h"

#define FIRST_GFN 0x5000 /* 80 MiB: above the kernel */
#define PAGES 1024
#define ROUNDS 9
#define GROUP 128 /* pages of a sample, for what can take any number of pages */
#define MAX_SAMPLES (2 * ROUNDS * PAGES)
#define GRANTS                                                                                     \
    32 /* Xen counts up to 127 mappings of a grant, and each is two: dom0 has its own              \
        */

enum row {
    LOOKUP,
    FOREIGN_MAP,
    FOREIGN_UNMAP,
    GRANT_MAP,
    GRANT_UNMAP,
    SET_TYPE,
    NOMINATE,
    EVICT,
    PAGE_OUT,
    PAGE_OUT_PLAIN,
    PAGE_IN,
    PAGE_IN_BATCH,
    ROWS
};

static struct {
    const char *name;
    unsigned int nr;
    double samples[MAX_SAMPLES];
} rows[ROWS] = {
    [LOOKUP] = {.name = "lookup"},
    [FOREIGN_MAP] = {.name = "foreign-map"},
    [FOREIGN_UNMAP] = {.name = "foreign-unmap"},
    [GRANT_MAP] = {.name = "grant-map"},
    [GRANT_UNMAP] = {.name = "grant-unmap"},
    [SET_TYPE] = {.name = "set-type"},
    [NOMINATE] = {.name = "nominate"},
    [EVICT] = {.name = "evict"},
    [PAGE_OUT] = {.name = "page-out"},
    [PAGE_OUT_PLAIN] = {.name = "page-out-plain"},
    [PAGE_IN] = {.name = "page-in"},
    [PAGE_IN_BATCH] = {.name = "page-in-batch"},
};

static domid_t domid;
static struct xen_ops *ops;
static xc_interface *xc;
static xenforeignmemory_handle *memory;
static xendevicemodel_handle *device_model;
static xengnttab_handle *grants;
static xencall_handle *call;
static struct {
    xen_mem_paging_op_t op;
    struct xen_mem_paging_batch_entry entries[XEN_MAX_STEP];
} * batch;
static char *store; /* what is out */

static void must(const char *what, int ok)
{
    if (ok)
        return;
    printf("%s: %s\n", what, strerror(errno));
    exit(2);
}

static void record(enum row row, uint64_t instructions, unsigned int pages)
{
    must("room for samples", rows[row].nr < MAX_SAMPLES);
    rows[row].samples[rows[row].nr++] = (double)instructions / pages;
}

static void forget_samples(void)
{
    for (int row = 0; row < ROWS; row++)
        rows[row].nr = 0;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void print_rows(void)
{
    for (int row = 0; row < ROWS; row++) {
        double *samples = rows[row].samples;
        unsigned int nr = rows[row].nr;

        qsort(samples, nr, sizeof(*samples), by_size);
        printf("BENCH %s %.1f %.1f %.1f %u\n", rows[row].name, samples[nr / 2], samples[nr / 4],
               samples[nr * 3 / 4], nr);
    }
}

/* A loop of two instructions: what happens beside it may take a tenth of it. */
static void check_counter(void)
{
    const uint64_t turns = 10 * 1000 * 1000;
    uint64_t left = turns, start = __rdtsc(), counted;

    __asm__ volatile("1: dec %0; jnz 1b" : "+r"(left));
    counted = __rdtsc() - start;
    if (counted >= 2 * turns && counted < 2 * turns / 10 * 11)
        return;
    printf("this machine does not count instructions: %lu instead of %lu\n", counted, 2 * turns);
    exit(2);
}

/* Where a mapping happens to be decides whether it needs a page table of its own. */
static void use_fixed_addresses(char **argv)
{
    int flags = personality(0xffffffff);

    if (flags & ADDR_NO_RANDOMIZE)
        return;
    personality(flags | ADDR_NO_RANDOMIZE);
    execv("/proc/self/exe", argv);
    must("exec", 0);
}

static void open_all(void)
{
    char message[200];

    must("the pager's interfaces", !xen_ops_open(domid, &ops, message, sizeof(message)));
    xc = xc_interface_open(NULL, NULL, 0);
    memory = xenforeignmemory_open(NULL, 0);
    device_model = xendevicemodel_open(NULL, 0);
    grants = xengnttab_open(NULL, 0);
    call = xencall_open(NULL, 0);
    must("Xen's interfaces", xc && memory && device_model && grants && call);
    batch = xencall_alloc_buffer(call, sizeof(*batch));
    store = xen_alloc_pages(ops, PAGES);
    must("memory", batch && store);
}

/* A lookup for a moment, which nothing relies on afterwards. */
static void lookup(unsigned int first)
{
    uint32_t gfns[GROUP];
    bool resident[GROUP];
    uint64_t start;

    for (unsigned int i = 0; i < GROUP; i++)
        gfns[i] = FIRST_GFN + first + i;
    start = __rdtsc();
    must("lookup", !xen_are_resident(ops, gfns, GROUP, resident));
    record(LOOKUP, __rdtsc() - start, GROUP);
}

static void map_foreign(unsigned int first)
{
    xen_pfn_t gfns[GROUP];
    int errors[GROUP];
    uint64_t start, mapped, unmapped;
    void *map;

    for (unsigned int i = 0; i < GROUP; i++)
        gfns[i] = FIRST_GFN + first + i;
    start = __rdtsc();
    map = xenforeignmemory_map(memory, domid, PROT_READ | PROT_WRITE, GROUP, gfns, errors);
    mapped = __rdtsc();
    must("map", map != NULL);
    xenforeignmemory_unmap(memory, map, GROUP);
    unmapped = __rdtsc();
    for (unsigned int i = 0; i < GROUP; i++)
        must("map of a page", !errors[i]);
    record(FOREIGN_MAP, mapped - start, GROUP);
    record(FOREIGN_UNMAP, unmapped - mapped, GROUP);
}

/* The guest's grant for xenstore, which the toolstack made, many times over. */
static void map_grant(void)
{
    uint32_t refs[GRANTS];
    uint64_t start, mapped, unmapped;
    void *map;

    for (unsigned int i = 0; i < GRANTS; i++)
        refs[i] = GNTTAB_RESERVED_XENSTORE;
    start = __rdtsc();
    map = xengnttab_map_domain_grant_refs(grants, GRANTS, domid, refs, PROT_READ | PROT_WRITE);
    mapped = __rdtsc();
    must("grant map", map != NULL);
    must("grant unmap", !xengnttab_unmap(grants, map, GRANTS));
    unmapped = __rdtsc();
    record(GRANT_MAP, mapped - start, GRANTS);
    record(GRANT_UNMAP, unmapped - mapped, GRANTS);
}

static void set_type(unsigned int first)
{
    static const hvmmem_type_t types[] = {HVMMEM_ram_ro, HVMMEM_ram_rw};

    for (unsigned int i = 0; i < 2; i++) {
        uint64_t start = __rdtsc();

        must("set type",
             !xendevicemodel_set_mem_type(device_model, domid, types[i], FIRST_GFN + first, GROUP));
        record(SET_TYPE, __rdtsc() - start, GROUP);
    }
}

static char *stored(unsigned int page)
{
    return store + (size_t)page * PAGE_BYTES;
}

/* As many pages at a time as the pager would. */
static void page_out(unsigned int first, unsigned int nr)
{
    struct xen_page pages[XEN_MAX_STEP];
    uint64_t start, nominated, evicted;

    for (unsigned int i = 0; i < nr; i++)
        pages[i] = (struct xen_page){.gfn = FIRST_GFN + first + i, .copy = stored(first + i)};
    start = __rdtsc();
    xen_nominate(ops, pages, nr);
    nominated = __rdtsc();
    for (unsigned int i = 0; i < nr; i++)
        must("nominate", !pages[i].rc);
    evicted = __rdtsc();
    xen_evict(ops, pages, nr);
    evicted = __rdtsc() - evicted;
    for (unsigned int i = 0; i < nr; i++)
        must("evict", !pages[i].rc);
    record(NOMINATE, nominated - start, nr);
    record(EVICT, evicted, nr);
    record(PAGE_OUT, nominated - start + evicted, nr);
}

/* What the interface of a stock Xen has for it, and xenpaging does. */
static void page_out_plainly(unsigned int page)
{
    const xen_pfn_t gfn = FIRST_GFN + page;
    uint64_t start = __rdtsc();
    int error;
    void *map;

    must("nominate", !xc_mem_paging_nominate(xc, domid, gfn));
    map = xenforeignmemory_map(memory, domid, PROT_READ, 1, &gfn, &error);
    must("map", map && !error);
    memcpy(stored(page), map, PAGE_BYTES);
    xenforeignmemory_unmap(memory, map, 1);
    must("evict", !xc_mem_paging_evict(xc, domid, gfn));
    record(PAGE_OUT_PLAIN, __rdtsc() - start, 1);
}

static void load_singly(unsigned int first, unsigned int nr)
{
    for (unsigned int i = first; i < first + nr; i++)
        must("load", !xen_load(ops, FIRST_GFN + i, stored(i)));
}

static void load_batch(unsigned int first, unsigned int nr)
{
    batch->op = (xen_mem_paging_op_t){.op = XENMEM_paging_op_batch, .domain = domid, .gfn = nr};
    set_xen_guest_handle_raw(batch->op.buffer, (const uint8_t *)batch->entries);
    for (unsigned int i = 0; i < nr; i++) {
        batch->entries[i] = (struct xen_mem_paging_batch_entry){
            .gfn = FIRST_GFN + first + i, .op = XENMEM_paging_batch_prep, .rc = 1};
        set_xen_guest_handle_raw(batch->entries[i].buffer, (uint8_t *)stored(first + i));
    }
    must("batch", !xencall2(call, __HYPERVISOR_memory_op, XENMEM_paging_op, (uintptr_t)&batch->op));
    for (unsigned int i = 0; i < nr; i++)
        must("load in a batch", !batch->entries[i].rc);
}

static void page_in(enum row row, void (*load)(unsigned int first, unsigned int nr))
{
    for (unsigned int first = 0; first < PAGES; first += XEN_MAX_STEP) {
        uint64_t start = __rdtsc();

        load(first, XEN_MAX_STEP);
        record(row, __rdtsc() - start, XEN_MAX_STEP);
    }
}

static void all_out(void)
{
    for (unsigned int first = 0; first < PAGES; first += xen_step(ops))
        page_out(first, xen_step(ops));
}

static void all_out_plainly(void)
{
    for (unsigned int page = 0; page < PAGES; page++)
        page_out_plainly(page);
}

/* A Xen without batches is measured with what it has in place of them. */
static void one_round(void)
{
    for (unsigned int first = 0; first < PAGES; first += GROUP) {
        lookup(first);
        map_foreign(first);
        map_grant();
        set_type(first);
    }
    all_out();
    page_in(PAGE_IN, load_singly);
    all_out();
    page_in(PAGE_IN_BATCH, xen_is_patched(ops) ? load_batch : load_singly);
    all_out_plainly();
    for (unsigned int first = 0; first < PAGES; first += XEN_MAX_STEP)
        load_singly(first, XEN_MAX_STEP);
}

int main(int argc, char **argv)
{
    uint32_t port;

    if (argc != 2) {
        fprintf(stderr, "usage: %s DOMID\n", argv[0]);
        return 2;
    }
    use_fixed_addresses(argv);
    domid = (domid_t)strtoul(argv[1], NULL, 10);
    check_counter();
    open_all();
    /* The guest does not run and nobody asks for a page that is out: no need to look into the ring.
     */
    must("enabling paging", !xen_enable_paging(ops, &port));
    one_round();
    forget_samples(); /* the first round splits large pages and fills caches */
    for (unsigned int i = 0; i < ROUNDS; i++)
        one_round();
    must("disabling paging", !xen_disable_paging(ops));
    print_rows();
    return 0;
}
