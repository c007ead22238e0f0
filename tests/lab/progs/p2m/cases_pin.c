/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whoever uses a page keeps it: mappings of dom0, accesses of the guest, grants.
 */
#include "cases.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "bare.h"
#include "batch.h"
#include "pager.h"
#include "report.h"
#include "xen.h"

#define LONGEST_MS 20000

/* Expects something of a batch of one; the first that is not met stays in WHY. */
static char why[100];

static void expect(const char *what, enum batch_op op, uint64_t gfn, int expected)
{
    int rc = batch_one(what, op, gfn, NULL);

    if (rc != expected && !why[0])
        snprintf(why, sizeof(why), "%s: %d in place of %d", what, rc, expected);
}

static const char *outcome(void)
{
    return why[0] ? why : NULL;
}

static void *must_map(uint64_t gfn, int protection)
{
    int error;
    void *page = xen_map(gfn, protection, &error);

    must("mapping a page", error);
    return page;
}

static void forget_rings(void)
{
    while (pager_rung(0))
        ;
}

static long now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Only the page that dom0 has mapped is refused, and its last unmap rings the doorbell, once. */
static const char *pinned(uint64_t gfn)
{
    const uint64_t before = gfn, page = gfn + 1, after = gfn + 2;
    void *one, *two;
    long start;

    if (batch_absent())
        return batch_absent();
    one = must_map(page, PROT_READ | PROT_WRITE);
    two = must_map(page, PROT_READ);
    expect("nominate", BATCH_NOMINATE, before, 0);
    expect("nominate a mapped page", BATCH_NOMINATE, page, -EAGAIN);
    expect("nominate", BATCH_NOMINATE, after, 0);
    forget_rings();
    xen_unmap(one);
    if (pager_rung(100))
        return "the doorbell rang before the last unmap";
    start = now_us();
    xen_unmap(two);
    if (!pager_rung(LONGEST_MS))
        return "the doorbell did not ring";
    remark("the doorbell rang %ld us after unmap began", now_us() - start);
    if (pager_waiting())
        return "the doorbell came with a request";
    expect("nominate", BATCH_NOMINATE, page, 0);
    for (uint64_t i = before; i <= after; i++)
        expect("cancel", BATCH_CANCEL, i, 0);
    return outcome();
}

/* A reader's mapping leaves a nomination as it is and holds off the eviction. */
static const char *pinned_by_reader(uint64_t gfn)
{
    uint8_t copy[PAGE_BYTES];
    void *page;

    if (batch_absent())
        return batch_absent();
    xen_read(gfn, copy);
    expect("nominate", BATCH_NOMINATE, gfn, 0);
    page = must_map(gfn, PROT_READ);
    expect("evict a mapped page", BATCH_EVICT, gfn, -EAGAIN);
    expect("query", BATCH_QUERY, gfn, STATE_NOMINATED);
    forget_rings();
    xen_unmap(page);
    if (!pager_rung(LONGEST_MS))
        return "the doorbell did not ring";
    expect("evict", BATCH_EVICT, gfn, 0);
    must("load", xen_load(gfn, copy));
    return outcome();
}

/* A writer's mapping takes the nomination back, without a request. */
static const char *writer_cancels(uint64_t gfn)
{
    void *page;

    if (batch_absent())
        return batch_absent();
    expect("nominate", BATCH_NOMINATE, gfn, 0);
    page = must_map(gfn, PROT_READ | PROT_WRITE);
    expect("query", BATCH_QUERY, gfn, STATE_RESIDENT);
    expect("evict", BATCH_EVICT, gfn, -ENOENT);
    xen_unmap(page);
    expect("cancel", BATCH_CANCEL, gfn, -ENOENT);
    return pager_waiting() ? "there was a request" : outcome();
}

/* So does the guest's access; the vCPU does not wait. */
static const char *guest_cancels(uint64_t gfn)
{
    const uint64_t nominated = gfn + BARE_GFNS;
    uint32_t result;
    unsigned int requests;

    xen_fill(nominated, 0x5a);
    must("nominate", xen_nominate(nominated));
    bare_run(gfn, &bare_reader, (struct bare_registers){.esi = (uint32_t)(nominated * PAGE_BYTES)});
    requests = bare_finish(gfn, LONGEST_MS, &result);
    if (result != 0x5a5a5a5a)
        return "the guest read something else";
    return requests ? "the guest had to wait for the pager" : NULL;
}

static const char *granted(uint64_t gfn)
{
    if (batch_absent())
        return batch_absent();
    xen_grant(gfn, true);
    expect("nominate a granted page", BATCH_NOMINATE, gfn, -EAGAIN);
    xen_grant(gfn, false);
    expect("nominate", BATCH_NOMINATE, gfn, 0);
    expect("cancel", BATCH_CANCEL, gfn, 0);
    return outcome();
}

const struct p2m_case pin_cases[] = {
    {"pinned", "a mapped page is refused, its neighbours are not; its unmap rings", pinned},
    {"pinned-by-reader", "a nominated page that dom0 has mapped to read is evicted",
     pinned_by_reader},
    {"writer-cancels", "dom0 maps a nominated page writable", writer_cancels},
    {"guest-cancels", "the guest reads a nominated page", guest_cancels},
    {"granted", "a page that the guest grants is nominated", granted},
    {0}};
