/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "candidates.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "pages.h"
#include "parked.h"
#include "policy.h"
#include "ram_map.h"
#include "xen_ops.h"

#define MAX_SKIP 4096 /* gfns looked at in one search */
#define NO_ROOM_MS 1000

struct candidates {
    struct candidates_env env;
    struct parked *parked;
    uint32_t ram_region;      /* where the look for new RAM goes on */
    int64_t no_room_until_ms; /* for what is to be known of gfns; then it is tried again */
};

struct candidates *candidates_create(const struct candidates_env *env)
{
    struct candidates *candidates = calloc(1, sizeof(*candidates));

    if (!candidates)
        return NULL;
    candidates->env = *env;
    candidates->parked = parked_create();
    if (!candidates->parked) {
        free(candidates);
        errno = ENOMEM;
        return NULL;
    }
    return candidates;
}

void candidates_destroy(struct candidates *candidates)
{
    if (!candidates)
        return;
    parked_destroy(candidates->parked);
    free(candidates);
}

/* The policy may know of more gfns than there was room for in the table of pages. */
static bool may_go_out(const struct candidates *candidates, uint32_t gfn)
{
    const struct pages *pages = candidates->env.pages;

    return gfn < pages_nr_gfns(pages) && pages_state(pages, gfn) == PAGE_RESIDENT;
}

bool candidates_next_parked(struct candidates *candidates, int64_t now_ms, uint32_t *gfn)
{
    while (parked_next(candidates->parked, now_ms, gfn))
        if (may_go_out(candidates, *gfn))
            return true;
    return false;
}

static int make_room(const struct candidates_env *env, uint32_t gfn)
{
    int rc = policy_make_room(env->policy, gfn);

    return rc ? rc : pages_make_room(env->pages, gfn);
}

/* Where there is none, others go out that have some. */
static bool has_room(struct candidates *candidates, uint32_t gfn, int64_t now_ms)
{
    int rc;

    if (pages_has_room(candidates->env.pages, gfn))
        return true;
    if (now_ms < candidates->no_room_until_ms)
        return false;
    rc = make_room(&candidates->env, gfn);
    if (!rc)
        return true;
    candidates->no_room_until_ms = now_ms + NO_ROOM_MS;
    log_limited(LOG_LEVEL_WARNING, "gfn %#" PRIx32 " stays in memory: no room in the index: %s",
                gfn, strerror(-rc));
    return false;
}

bool candidates_next(struct candidates *candidates, int64_t now_ms, uint32_t *gfn)
{
    for (int i = 0; i < MAX_SKIP; i++) {
        if (!policy_next(candidates->env.policy, now_ms, gfn))
            return false;
        if (may_go_out(candidates, *gfn) && has_room(candidates, *gfn, now_ms))
            return true;
    }
    return false;
}

bool candidates_look_for_ram(struct candidates *candidates)
{
    struct candidates_env *env = &candidates->env;
    uint32_t nr_gfns = pages_nr_gfns(env->pages);
    bool passed = policy_passed(env->policy);
    bool knows_all = candidates->ram_region >= policy_nr_regions(nr_gfns);

    if (passed && knows_all) {
        env->new_pass(env->arg);
        nr_gfns = pages_nr_gfns(env->pages);
        candidates->ram_region = 0;
    }
    if (candidates->ram_region < policy_nr_regions(nr_gfns))
        candidates->ram_region =
            ram_map_refresh(env->ops, env->policy, nr_gfns, candidates->ram_region);
    return passed && knows_all;
}

void candidates_nominated(struct candidates *candidates, uint32_t gfn)
{
    parked_remove(candidates->parked, gfn);
}

/* Where nothing rings, only the policy brings it back. */
void candidates_in_use(struct candidates *candidates, uint32_t gfn, int64_t now_ms)
{
    policy_note(candidates->env.policy, gfn, POLICY_BUSY, now_ms);
    if (xen_has_doorbell(candidates->env.ops))
        parked_add(candidates->parked, gfn, now_ms);
}

void candidates_unpageable(struct candidates *candidates, uint32_t gfn, int64_t now_ms)
{
    policy_note(candidates->env.policy, gfn, POLICY_UNPAGEABLE, now_ms);
    parked_remove(candidates->parked, gfn);
}

void candidates_taken_back(struct candidates *candidates, uint32_t gfn, int64_t now_ms)
{
    policy_note(candidates->env.policy, gfn, POLICY_TAKEN_BACK, now_ms);
}

void candidates_ring(struct candidates *candidates, bool sure, int64_t now_ms)
{
    parked_ring(candidates->parked, sure, now_ms);
}

int64_t candidates_parked_due_in(const struct candidates *candidates, int64_t now_ms)
{
    return parked_due_in(candidates->parked, now_ms);
}

unsigned int candidates_nr_parked(const struct candidates *candidates)
{
    return parked_nr(candidates->parked);
}
