/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Xen does on behalf of the guest meets pages that are out.
 */
#include "cases.h"

#include <errno.h>
#include <stdlib.h>

#include "bare.h"
#include "pager.h"
#include "report.h"
#include "xen.h"

#include <xen/memory.h>

#define RING_SLOTS 8
#define LONGEST_MS 20000
#define QUIET_MS 3000 /* for what must not happen */

/* An instruction that Xen emulates writes to a page that is out. */
static const char *emulated_copy(uint64_t gfn)
{
    const uint64_t paged = gfn + BARE_GFNS;
    uint32_t result, page[PAGE_BYTES / sizeof(uint32_t)];
    const struct bare_registers at_its_end = {.esp = (uint32_t)((paged + 1) * PAGE_BYTES)};
    unsigned int asked;

    xen_fill(paged, 0);
    must("page out", pager_out(paged));
    bare_run(gfn, &bare_pusher, at_its_end);
    asked = bare_finish(gfn, LONGEST_MS, &result);
    if (!asked)
        must("load", pager_in(paged));
    xen_read(paged, page);
    remark("pushed was %x", page[PAGE_BYTES / sizeof(uint32_t) - 1]);
    return page[PAGE_BYTES / sizeof(uint32_t) - 1] ? NULL : "the write went nowhere";
}

/* As a 32-bit guest has it. */
struct add_to_physmap32 {
    uint16_t domid, size;
    uint32_t space, idx, gpfn;
};

static void write_arguments(uint64_t gfn, uint64_t from, uint64_t to)
{
    int error;
    struct add_to_physmap32 *arguments = xen_map(gfn, PROT_READ | PROT_WRITE, &error);

    must("mapping the arguments", error);
    *arguments = (struct add_to_physmap32){.domid = DOMID_SELF,
                                           .space = XENMAPSPACE_gmfn,
                                           .idx = (uint32_t)from,
                                           .gpfn = (uint32_t)to};
    xen_unmap(arguments);
}

static void page_out_many(uint64_t first)
{
    for (unsigned int i = 0; i < RING_SLOTS; i++)
        must("page out", pager_out(first + i));
}

/* With requests for what page_out_many() has taken out. */
static void fill_ring(uint64_t first)
{
    pager_ask_foreign(first, RING_SLOTS - pager_waiting());
    remark("%u requests in the ring", pager_waiting());
}

static void call_while_ring_is_full(uint64_t gfn, struct bare_registers call, uint32_t *result)
{
    bare_run(gfn, &bare_caller, call);
    /* Only if nobody serves the ring is it full at the right moment. */
    for (int waited = 0; waited < QUIET_MS && !bare_done(gfn, result); waited += 10)
        pager_rung(10);
    bare_finish(gfn, LONGEST_MS, result);
}

/*
 * The guest moves a page to a gfn that was nominated and asked for: Xen has to tell the pager of
 * the drop, but the ring is full.
 */
static const char *drop_sleeps(uint64_t gfn)
{
    const uint64_t from = gfn + BARE_GFNS, to = from + 1, arguments = to + 1, out = arguments + 1;
    struct bare_registers call = {.ebx = XENMEM_add_to_physmap,
                                  .esi = (uint32_t)(arguments * PAGE_BYTES)};
    uint32_t result;

    write_arguments(arguments, from, to);
    page_out_many(out);
    must("nominate", xen_nominate(to));
    xen_set_type(to, HVMMEM_ram_rw);
    fill_ring(out);
    call_while_ring_is_full(gfn, call, &result);
    remark("the guest's hypercall returned %d", (int)result);
    must("a new page", xen_balloon_in(from));
    return result == 0 ? NULL : "the guest's hypercall failed";
}

/* The arguments of a guest's hypercall are on a page that is out. */
static const char *hypercall_arguments(uint64_t gfn)
{
    const uint64_t from = gfn + BARE_GFNS, to = from + 1, arguments = to + 1;
    struct bare_registers call = {.ebx = XENMEM_add_to_physmap,
                                  .esi = (uint32_t)(arguments * PAGE_BYTES)};
    uint32_t result;

    write_arguments(arguments, from, to);
    must("page out", pager_out(arguments));
    bare_run(gfn, &bare_caller, call);
    bare_finish(gfn, LONGEST_MS, &result);
    remark("the guest's hypercall returned %d", (int)result);
    if (result != 0)
        return "the guest's hypercall failed";
    must("a new page", xen_balloon_in(from));
    return NULL;
}

struct memory_map32 {
    uint32_t nr_entries, buffer;
};

/*
 * Xen copies the guest's memory map to a page that is out, with the lock of that map held, while
 * the ring is full: it must not sleep there.
 */
static const char *locked_copy(uint64_t gfn)
{
    const uint64_t arguments = gfn + BARE_GFNS, buffer = arguments + 1, out = buffer + 1;
    struct bare_registers call = {.ebx = XENMEM_memory_map,
                                  .esi = (uint32_t)(arguments * PAGE_BYTES)};
    uint32_t result;
    int error;
    struct memory_map32 *map = xen_map(arguments, PROT_READ | PROT_WRITE, &error);

    must("mapping the arguments", error);
    *map = (struct memory_map32){.nr_entries = 128, .buffer = (uint32_t)(buffer * PAGE_BYTES)};
    xen_unmap(map);
    must("page out", pager_out(buffer));
    page_out_many(out);
    fill_ring(out);
    call_while_ring_is_full(gfn, call, &result);
    remark("the guest's hypercall returned %d", (int)result);
    return result == 0 ? NULL : "the guest's hypercall failed";
}

#define LINUX_GFNS 0x6000 /* a guest of 96 MiB */

/*
 * All of a guest that runs Linux goes out, its page tables too, and the ring is full: whatever
 * the scheduler tells the guest, it must not wait for a page. The guest then works on.
 */
static const char *scheduler(uint64_t gfn)
{
    unsigned long out;
    unsigned int served = 0;

    (void)gfn;
    xen_pause();
    out = pager_out_all(0, LINUX_GFNS);
    remark("%lu pages are out", out);
    for (uint64_t i = 1; pager_waiting() < RING_SLOTS && i < LINUX_GFNS; i++) {
        int error;
        void *page = xen_map(i, PROT_READ, &error);

        if (page)
            xen_unmap(page);
    }
    remark("%u requests in the ring", pager_waiting());
    if (pager_waiting() < RING_SLOTS)
        inconclusive("the ring is not full");
    while (pager_rung(0))
        ;
    xen_unpause();
    remark("the guest runs");
    /* Nothing can come while the ring is full, except a panic. */
    pager_rung(QUIET_MS);
    do
        served += pager_serve();
    while (pager_rung(QUIET_MS));
    remark("%u requests served", served);
    return NULL;
}

const struct p2m_case guest_cases[] = {
    {"emulated-copy", "an instruction that Xen emulates writes to a page that is out",
     emulated_copy},
    {"drop-sleeps", "the guest gives up a page while the ring is full; may crash Xen", drop_sleeps},
    {"hypercall-arguments", "the arguments of a guest's hypercall are on a page that is out",
     hypercall_arguments},
    {"locked-copy", "Xen copies to a page that is out with a lock held; may crash Xen",
     locked_copy},
    {"scheduler", "everything of a 96 MiB Linux guest that runs is out; may crash Xen", scheduler},
    {0}};
