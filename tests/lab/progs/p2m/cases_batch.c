/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The batch operation itself.
 */
#include "cases.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "pager.h"
#include "report.h"
#include "xen.h"

#define NO_SUCH_GFN 0x80000 /* 2 GiB: a hole */
#define NO_SUCH_DOMID 0x7000
#define BAD_ADDRESS 0x1000 /* nothing is mapped there */

enum buffer { NONE, COPY, BAD };

/* One after the other on one gfn, or on the hole; ASK is a foreign map before the operation. */
static const struct {
    const char *what;
    enum batch_op op;
    enum buffer buffer;
    bool hole, ask;
    int expected;
} conversation[] = {
    {"query", BATCH_QUERY, NONE, false, false, STATE_RESIDENT},
    {"cancel what is not nominated", BATCH_CANCEL, NONE, false, false, -ENOENT},
    {"evict what is not nominated", BATCH_EVICT, NONE, false, false, -ENOENT},
    {"prep what is in", BATCH_PREP, NONE, false, false, -ENOENT},
    {"nominate with a bad buffer", BATCH_NOMINATE, BAD, false, false, -EFAULT},
    {"query", BATCH_QUERY, NONE, false, false, STATE_RESIDENT},
    {"nominate without a copy", BATCH_NOMINATE, NONE, false, false, 0},
    {"query", BATCH_QUERY, NONE, false, false, STATE_NOMINATED},
    {"nominate again", BATCH_NOMINATE, NONE, false, false, -EINVAL},
    {"cancel", BATCH_CANCEL, NONE, false, false, 0},
    {"query", BATCH_QUERY, NONE, false, false, STATE_RESIDENT},
    {"nominate with a copy", BATCH_NOMINATE, COPY, false, false, 0},
    {"evict", BATCH_EVICT, NONE, false, false, 0},
    {"query", BATCH_QUERY, NONE, false, false, STATE_PAGED},
    {"evict again", BATCH_EVICT, NONE, false, false, -ENOENT},
    {"cancel what is out", BATCH_CANCEL, NONE, false, false, -ENOENT},
    {"query what was asked for", BATCH_QUERY, NONE, false, true, STATE_WANTED},
    {"nominate what was asked for", BATCH_NOMINATE, NONE, false, false, -ENOENT},
    {"prep without a buffer", BATCH_PREP, NONE, false, false, -EINVAL},
    {"prep with a bad buffer", BATCH_PREP, BAD, false, false, -EFAULT},
    {"prep", BATCH_PREP, COPY, false, false, 0},
    {"query", BATCH_QUERY, NONE, false, false, STATE_RESIDENT},
    {"query a hole", BATCH_QUERY, NONE, true, false, STATE_NONE},
    {"nominate a hole", BATCH_NOMINATE, NONE, true, false, -ENOENT},
    {"evict a hole", BATCH_EVICT, NONE, true, false, -ENOENT},
    {"prep a hole", BATCH_PREP, NONE, true, false, -ENOENT},
    {"no such operation", BATCH_NO_SUCH_OP, NONE, false, false, -EOPNOTSUPP},
};

static const char *batch_operations(uint64_t gfn)
{
    static char why[100];
    void *copy, *buffers[3];

    if (batch_absent())
        return batch_absent();
    copy = batch_alloc(PAGE_BYTES);
    buffers[NONE] = NULL;
    buffers[COPY] = copy;
    buffers[BAD] = (void *)BAD_ADDRESS;
    xen_fill(gfn, 0x42);
    for (size_t i = 0; i < sizeof(conversation) / sizeof(conversation[0]); i++) {
        int rc;

        if (conversation[i].ask)
            pager_ask_foreign(gfn, 1);
        rc = batch_one(conversation[i].what, conversation[i].op,
                       conversation[i].hole ? NO_SUCH_GFN : gfn, buffers[conversation[i].buffer]);
        if (rc != conversation[i].expected && !why[0])
            snprintf(why, sizeof(why), "%s: %d in place of %d", conversation[i].what, rc,
                     conversation[i].expected);
    }
    if (!why[0] && !xen_holds(gfn, 0x42))
        return "the page came back with other contents";
    return why[0] ? why : NULL;
}

/* All of the largest batch is done, whatever it has to be continued for. */
static const char *largest_batch(struct batch_entry *entries, uint64_t gfn)
{
    for (unsigned int i = 0; i <= BATCH_MAX; i++)
        entries[i] = (struct batch_entry){.gfn = gfn + i % CASE_GFNS, .op = BATCH_QUERY, .rc = -1};
    if (step("a batch too large", gfn, batch_call(xen_domid, entries, BATCH_MAX + 1)) != -E2BIG)
        return "a batch that is too large is not refused with E2BIG";
    if (step("the largest batch", gfn, batch_call(xen_domid, entries, BATCH_MAX)))
        return "the largest batch fails";
    for (unsigned int i = 0; i < BATCH_MAX; i++)
        if (entries[i].rc != STATE_RESIDENT)
            return "an entry of the largest batch was not processed";
    return entries[BATCH_MAX].rc == -1 ? NULL : "an entry beyond the batch was processed";
}

static const char *batch_bounds(uint64_t gfn)
{
    struct batch_entry *entries;

    if (batch_absent())
        return batch_absent();
    entries = batch_alloc((BATCH_MAX + 1) * sizeof(*entries));
    *entries = (struct batch_entry){.gfn = gfn, .op = BATCH_QUERY};
    step("features", 0, batch_call(xen_domid, NULL, 0));
    if (step("entries nowhere", gfn, batch_call(xen_domid, (void *)BAD_ADDRESS, 1)) != -EFAULT)
        return "entries that cannot be read are not refused with EFAULT";
    if (step("no such domain", gfn, batch_call(NO_SUCH_DOMID, entries, 1)) != -ESRCH)
        return "a domain that is not there is not refused with ESRCH";
    if (step("dom0 itself", gfn, batch_call(0, entries, 1)) != -EPERM)
        return "dom0 is not refused with EPERM";
    return largest_batch(entries, gfn);
}

const struct p2m_case batch_cases[] = {
    {"batch-operations", "all operations of a batch in all states of a page", batch_operations},
    {"batch-bounds", "batches too large, with wrong addresses, for wrong domains", batch_bounds},
    {0}};
