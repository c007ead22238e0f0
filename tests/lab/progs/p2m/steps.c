/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds steps by their words; the beginning and the end of a row. */
#include "conformance.h"

#include <stdio.h>
#include <string.h>

#include "pager.h"
#include "report.h"
#include "steps.h"
#include "xen.h"

struct steps steps;

const char *step_outcome(int rc)
{
    static char word[32];

    if (rc < 0)
        return strerrorname_np(-rc);
    snprintf(word, sizeof(word), "%d", rc);
    return rc ? word : "ok";
}

const char *step_value(uint32_t word)
{
    static char hex[16];

    switch (word) {
    case STEP_OLD * 0x01010101u:
        return "=old";
    case STEP_NEW * 0x01010101u:
        return "=new";
    case 0:
        return "=zero";
    case UINT32_MAX:
        return "=ones";
    default:
        snprintf(hex, sizeof(hex), "=%x", word);
        return hex;
    }
}

const char *steps_take(const char *word)
{
    static const struct step *const groups[] = {page_steps, batch_steps, ring_steps, guest_steps};

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        for (const struct step *step = groups[i]; step->word; step++)
            if (strcmp(step->word, word) == 0)
                return step->take();
    inconclusive("no such step: %s", word);
}

void steps_begin(uint64_t gfn, uint64_t code)
{
    memset(&steps, 0, sizeof(steps));
    steps.gfn = gfn;
    steps.code = code;
    memset(steps.page, STEP_OLD, sizeof(steps.page));
    xen_fill(gfn, STEP_OLD);
}

const char *steps_requests(void)
{
    size_t length;

    while (pager_waiting())
        step_answer();
    length = strlen(steps.requests);
    if (steps.nr_others)
        snprintf(steps.requests + length, sizeof(steps.requests) - length, " others:%u",
                 steps.nr_others);
    return steps.requests;
}

void steps_end(void)
{
    if (steps.mapped)
        step_unmap();
    if (steps.no_ring)
        step_attach_again();
    if (steps.device)
        xen_map_device(steps.gfn, false);
    if (steps.log_dirty)
        xen_log_dirty(false);
    pager_in_all();
    xen_cancel(steps.gfn);
    pager_serve();
    if (steps.guest_runs)
        step_end_guest();
    pager_in_all();
    step_forget_rings();
}
