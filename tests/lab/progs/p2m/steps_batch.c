/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The batch operation of a patched Xen. */
#include "steps.h"

#include <string.h>

#include "batch.h"
#include "pager.h"

#define BAD_ADDRESS 0x1000 /* nothing is mapped there */

static const char *batch(const char *what, enum batch_op op, void *buffer)
{
    return step_outcome(batch_one(what, op, steps.gfn, buffer));
}

static const char *batch_nominate(void)
{
    return batch("nominate", BATCH_NOMINATE, NULL);
}

/* Its copy is what is loaded from then on. */
static const char *batch_copy(void)
{
    uint8_t *copy = batch_alloc(PAGE_BYTES);
    const char *word = batch("nominate and copy", BATCH_NOMINATE, copy);

    if (strcmp(word, "ok") == 0)
        memcpy(steps.page, copy, PAGE_BYTES);
    return word;
}

static const char *batch_copy_badly(void)
{
    return batch("nominate and copy nowhere", BATCH_NOMINATE, (void *)BAD_ADDRESS);
}

static const char *batch_evict(void)
{
    const char *word = batch("evict", BATCH_EVICT, NULL);

    if (strcmp(word, "ok") == 0)
        pager_keep(steps.gfn, steps.page);
    return word;
}

static const char *batch_prep(void)
{
    return batch("prep", BATCH_PREP, NULL);
}

static const char *batch_load(void)
{
    void *copy = memcpy(batch_alloc(PAGE_BYTES), steps.page, PAGE_BYTES);
    const char *word = batch("load", BATCH_PREP, copy);

    if (strcmp(word, "ok") == 0)
        pager_forget(steps.gfn);
    return word;
}

static const char *batch_load_badly(void)
{
    return batch("load from nowhere", BATCH_PREP, (void *)BAD_ADDRESS);
}

static const char *batch_cancel(void)
{
    return batch("cancel", BATCH_CANCEL, NULL);
}

static const char *batch_query(void)
{
    static const char *const states[] = {"none",  "resident", "nominated",
                                         "paged", "wanted",   "returning"};
    int rc = batch_one("query", BATCH_QUERY, steps.gfn, NULL);

    return rc < 0 ? step_outcome(rc) : states[rc];
}

const struct step batch_steps[] = {{"b:nominate", batch_nominate},
                                   {"b:copy", batch_copy},
                                   {"b:copy-badly", batch_copy_badly},
                                   {"b:evict", batch_evict},
                                   {"b:prep", batch_prep},
                                   {"b:load", batch_load},
                                   {"b:load-badly", batch_load_badly},
                                   {"b:cancel", batch_cancel},
                                   {"b:query", batch_query},
                                   {0}};
