/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parked.h"

#include <stdlib.h>

#define LONG_MS 100 /* what is held as long as this is not mapped over and over */

/* Between the starts of two rounds through all gfns, and for each of them. */
#define SURE_MS 5
#define UNSURE_MS 100
#define SURE_GFNS_PER_MS 16
#define UNSURE_GFNS_PER_MS 2

#define NEVER INT64_MAX

struct parked {
    unsigned int nr;
    unsigned int left; /* of the round under way: those before this one are still to be tried */
    int64_t last_ms;   /* when the last round began */
    int64_t due_ms;    /* when the next one may begin */
    struct {
        uint32_t gfn;
        int64_t since_ms;
    } gfns[PARKED_MAX];
};

struct parked *parked_create(void)
{
    struct parked *parked = calloc(1, sizeof(*parked));

    if (!parked)
        return NULL;
    parked->last_ms = INT64_MIN / 2;
    parked->due_ms = NEVER;
    return parked;
}

void parked_destroy(struct parked *parked)
{
    free(parked);
}

unsigned int parked_nr(const struct parked *parked)
{
    return parked->nr;
}

static unsigned int find(const struct parked *parked, uint32_t gfn)
{
    unsigned int i = 0;

    while (i < parked->nr && parked->gfns[i].gfn != gfn)
        i++;
    return i;
}

void parked_add(struct parked *parked, uint32_t gfn, int64_t now_ms)
{
    if (parked->nr == PARKED_MAX || find(parked, gfn) < parked->nr)
        return;
    parked->gfns[parked->nr].gfn = gfn;
    parked->gfns[parked->nr++].since_ms = now_ms;
}

/* Rounds go from the last one to the first, so that the one that fills the gap was tried. */
void parked_remove(struct parked *parked, uint32_t gfn)
{
    unsigned int i = find(parked, gfn);

    if (i == parked->nr)
        return;
    parked->gfns[i] = parked->gfns[--parked->nr];
    if (parked->left > parked->nr)
        parked->left = parked->nr;
}

/* The more gfns, the fewer rounds: a page-in must not wait for all these hypercalls. */
static int64_t interval(const struct parked *parked, bool sure)
{
    return sure ? SURE_MS + parked->nr / SURE_GFNS_PER_MS
                : UNSURE_MS + parked->nr / UNSURE_GFNS_PER_MS;
}

void parked_ring(struct parked *parked, bool sure, int64_t now_ms)
{
    int64_t due = parked->last_ms + interval(parked, sure);

    if (due < now_ms)
        due = now_ms;
    if (due < parked->due_ms)
        parked->due_ms = due;
}

int64_t parked_due_in(const struct parked *parked, int64_t now_ms)
{
    if (parked->left)
        return 0;
    if (!parked->nr || parked->due_ms == NEVER)
        return -1;
    return parked->due_ms > now_ms ? parked->due_ms - now_ms : 0;
}

static void begin_round(struct parked *parked, int64_t now_ms)
{
    parked->left = parked->nr;
    parked->last_ms = now_ms;
    parked->due_ms = NEVER;
}

bool parked_next(struct parked *parked, int64_t now_ms, uint32_t *gfn)
{
    if (!parked->left && parked_due_in(parked, now_ms) == 0)
        begin_round(parked, now_ms);
    while (parked->left) {
        unsigned int i = --parked->left;

        if (now_ms - parked->gfns[i].since_ms < LONG_MS)
            continue;
        *gfn = parked->gfns[i].gfn;
        return true;
    }
    return false;
}
