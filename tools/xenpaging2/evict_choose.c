/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of a batch: found, nominated and copied, a step of them in each turn. */
#include "evict_inside.h"

#include <errno.h>

#include "candidates.h"
#include "clock_ms.h"
#include "pages.h"
#include "xen_ops.h"

#define MAX_TURNS 64 /* in search of victims, if there are some already */
#define RETRY_GO_ON_MS 2

/*
 * Candidates for the next victims, with their buffers. In our books they are nominated from here
 * on, so that none is chosen twice.
 */
static unsigned int pick(struct batch *batch, struct xen_page *candidates, unsigned int most)
{
    struct evict *evict = batch->evict;
    struct candidates *from = evict->candidates;
    const unsigned int step = evict_step(evict);
    int64_t now = clock_ms();
    struct victim *owner;
    unsigned int nr = 0;
    uint32_t gfn;

    while (nr < most && nr < step) {
        if (!candidates_next_parked(from, now, &gfn) &&
            (batch->only_parked || !candidates_next(from, now, &gfn)))
            break;
        owner = &batch->victims[batch->nr_victims + nr];
        owner->io.slot = pages_kept(evict->env.pages, gfn);
        pages_nominate(evict->env.pages, gfn);
        candidates[nr++] = (struct xen_page){.gfn = gfn, .copy = owner->io.page};
    }
    return nr;
}

/* Buffer and slot go with the page, the one in exchange for that which the victim had. */
static void add_victim(struct batch *batch, struct victim *owner, const struct xen_page *candidate)
{
    struct victim *victim = &batch->victims[batch->nr_victims++];

    owner->io.page = victim->io.page;
    victim->io.page = candidate->copy;
    victim->io.gfn = candidate->gfn;
    victim->io.slot = owner->io.slot;
    victim->state = candidate->rc ? VICTIM_FAILED : VICTIM_NOMINATED;
    candidates_nominated(batch->evict->candidates, candidate->gfn);
}

/* The page that its slot was of may be gone for good. */
static void forget(struct evict *evict, uint32_t gfn, uint32_t slot)
{
    pages_give_up(evict->env.pages, gfn);
    if (slot != STORE_SLOT_NONE)
        store_free(evict->env.store, slot);
}

/* With some errors it may be nominated without being copied: it is to be taken back then. */
static void judge(struct batch *batch, struct victim *owner, const struct xen_page *candidate)
{
    struct evict *evict = batch->evict;

    switch (candidate->rc) {
    case -EAGAIN:
        candidates_in_use(evict->candidates, candidate->gfn, clock_ms());
        evict_give_up(evict, candidate->gfn, owner->io.slot);
        return;
    case -EBUSY:
    case -ENOENT:
        candidates_unpageable(evict->candidates, candidate->gfn, clock_ms());
        forget(evict, candidate->gfn, owner->io.slot);
        return;
    case 0:
    case -EINVAL:
    case -EFAULT:
        break;
    default:
        evict_suspect_gone(evict);
    }
    add_victim(batch, owner, candidate);
}

/* Returns false if there was no candidate. */
static bool nominate(struct batch *batch, unsigned int most)
{
    struct victim *owners = &batch->victims[batch->nr_victims];
    struct xen_page candidates[XEN_MAX_STEP];
    unsigned int nr = pick(batch, candidates, most);

    xen_nominate(batch->evict->env.ops, candidates, nr);
    for (unsigned int i = 0; i < nr; i++)
        judge(batch, &owners[i], &candidates[i]);
    return nr > 0;
}

static unsigned int batch_size(const struct batch *batch)
{
    uint64_t wanted = evict_wanted_of(batch);
    unsigned int most = evict_batch_size(batch->evict);

    return wanted < most ? (unsigned int)wanted : most;
}

/* A whole pass without success is enough, and so is a long search if it had some. */
static bool search_is_over(const struct batch *batch, bool found)
{
    if (batch->only_parked)
        return !found;
    return batch->nr_passes > 1 || (batch->nr_victims && batch->nr_turns >= MAX_TURNS);
}

/*
 * How many to try in this turn: as many as are missing, and more and more where all are refused.
 * Somebody may hold thousands of pages in a row, at which the search must not stop one by one.
 * On a stock Xen, nominations that turn out to be too many cost more than that.
 */
static unsigned int how_many(const struct batch *batch, unsigned int missing)
{
    unsigned int room = EVICT_BATCH - batch->nr_victims;
    unsigned int most = missing > batch->width ? missing : batch->width;

    return most < room ? most : room;
}

static void adapt_width(struct batch *batch, bool all_refused)
{
    if (!all_refused)
        batch->width = 1;
    else if (batch->width < XEN_MAX_STEP && xen_is_patched(batch->evict->env.ops))
        batch->width *= 2;
}

/* No more go out than are wanted. */
static void fail_surplus(struct batch *batch, unsigned int size)
{
    for (unsigned int i = size; i < batch->nr_victims; i++)
        evict_fail(&batch->victims[i]);
}

/* A guest that was paused for the nominations, and could not be unpaused yet, comes first. */
static bool guest_stands_still(struct batch *batch)
{
    if (!xen_go_on(batch->evict->env.ops))
        return false;
    evict_suspect_gone(batch->evict);
    evict_turn_after(batch, evict_choose, RETRY_GO_ON_MS);
    return true;
}

static void find_victims(struct batch *batch)
{
    unsigned int size = batch_size(batch), nr_before = batch->nr_victims;
    bool found = size > nr_before && nominate(batch, how_many(batch, size - nr_before));

    batch->nr_passes += candidates_look_for_ram(batch->evict->candidates);
    if (batch->nr_victims > nr_before)
        batch->nr_passes = 0;
    batch->nr_turns++;
    adapt_width(batch, found && batch->nr_victims == nr_before);
    fail_surplus(batch, size > nr_before ? size : nr_before);
    batch->is_chosen = batch->nr_victims >= size || search_is_over(batch, found);
}

void evict_choose(struct batch *batch)
{
    if (guest_stands_still(batch))
        return;
    find_victims(batch);
    if (guest_stands_still(batch))
        return;
    if (batch->is_chosen || batch->nr_victims > batch->nr_submitted)
        evict_next_turn(batch, evict_write_out);
    else
        evict_next_turn(batch, evict_choose);
}
