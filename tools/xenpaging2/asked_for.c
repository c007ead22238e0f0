/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "asked_for.h"

static void forget_oldest(struct asked_for *asked_for)
{
    asked_for->first = (asked_for->first + 1) % ASKED_FOR_MAX;
    asked_for->nr--;
}

void asked_for_add(struct asked_for *asked_for, uint32_t gfn, int64_t now_ms)
{
    unsigned int last;

    if (asked_for->nr == ASKED_FOR_MAX)
        forget_oldest(asked_for);
    last = (asked_for->first + asked_for->nr++) % ASKED_FOR_MAX;
    asked_for->gfns[last].gfn = gfn;
    asked_for->gfns[last].since_ms = now_ms;
}

bool asked_for_next(struct asked_for *asked_for, int64_t now_ms, int64_t age_ms, uint32_t *gfn)
{
    unsigned int first = asked_for->first;

    if (!asked_for->nr || now_ms - asked_for->gfns[first].since_ms < age_ms)
        return false;
    *gfn = asked_for->gfns[first].gfn;
    forget_oldest(asked_for);
    return true;
}
