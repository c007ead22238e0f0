/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holes.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "io_list.h"
#include "log.h"
#include "priorities.h"
#include "slot_set.h"
#include "timer_ms.h"

#define WORDS_PER_LOOK 65536u /* some 50 us */

struct holes {
    void (*submit)(void *arg, struct store_io *io);
    void *arg;
    struct event *timer;
    struct slot_set free; /* slots that are to be emptied */
    uint32_t nr_left;
    uint32_t cursor; /* where to look next: a word */
    struct hole hole;
    bool is_busy; /* with the hole */
    unsigned int nr_in_interval;
    struct io_list held;
};

static void forget(struct holes *h, uint32_t slot)
{
    if (!slot_set_has(&h->free, slot))
        return;
    slot_set_remove(&h->free, slot);
    h->nr_left--;
}

int holes_before_write(struct holes *h, uint32_t slot)
{
    forget(h, slot);
    return slot_set_make_room(&h->free, slot);
}

/* The next word with a slot to be emptied. Not too much is looked through at a time. */
static bool find_word(struct holes *h)
{
    for (uint32_t i = 0; i < WORDS_PER_LOOK && i <= h->free.nr_words; i++, h->cursor++) {
        if (h->cursor >= h->free.nr_words)
            h->cursor = 0;
        if (h->free.words[h->cursor])
            return true;
    }
    return false;
}

static void make_hole(struct holes *h)
{
    uint32_t slot =
        h->cursor * SLOT_SET_WORD_BITS + (uint32_t)__builtin_ctzll(h->free.words[h->cursor]);

    h->hole.io.slot = slot;
    for (h->hole.nr = 0;
         h->hole.nr < HOLES_MAX_NR && slot_set_has(&h->free, (uint64_t)slot + h->hole.nr);)
        forget(h, slot + h->hole.nr++);
    h->is_busy = true;
    h->submit(h->arg, &h->hole.io);
}

static void rest(struct holes *h)
{
    h->nr_in_interval = 0;
    timer_add_ms(h->timer, HOLES_INTERVAL_MS);
}

static void next_hole(struct holes *h)
{
    if (!h->nr_left)
        return;
    if (h->nr_in_interval++ < HOLES_AT_ONCE && find_word(h))
        make_hole(h);
    else
        rest(h);
}

static void interval_is_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    next_hole(arg);
}

static void hole_done(struct store_io *io)
{
    struct holes *h = ((struct hole *)io)->holes;
    struct store_io *held;

    h->is_busy = false;
    while ((held = io_list_take(&h->held)))
        h->submit(h->arg, held);
    if (io->error)
        log_limited(LOG_LEVEL_DEBUG, "slots from %" PRIu32 " on cannot be emptied: %s", io->slot,
                    strerror(-io->error));
    next_hole(h);
}

bool holes_hold(struct holes *h, struct store_io *io)
{
    if (!h->is_busy || io->slot < h->hole.io.slot || io->slot - h->hole.io.slot >= h->hole.nr)
        return false;
    STAILQ_INSERT_TAIL(&h->held, io, link);
    return true;
}

void holes_after_release(struct holes *h, uint32_t slot)
{
    if (!slot_set_has_room(&h->free, slot) || slot_set_has(&h->free, slot))
        return;
    slot_set_add(&h->free, slot);
    h->nr_left++;
    if (!h->is_busy && !event_pending(h->timer, EV_TIMEOUT, NULL))
        rest(h);
}

uint32_t holes_nr_left(const struct holes *h)
{
    return h->nr_left;
}

int holes_create(struct event_base *base, void (*submit)(void *arg, struct store_io *io), void *arg,
                 struct holes **holes)
{
    struct holes *h = calloc(1, sizeof(*h));

    if (!h)
        return -ENOMEM;
    h->submit = submit;
    h->arg = arg;
    h->hole.io.urgency = STORE_HOLE;
    h->hole.io.engine_done = hole_done;
    h->hole.holes = h;
    STAILQ_INIT(&h->held);
    h->timer = event_new(base, -1, 0, interval_is_over, h);
    if (!h->timer || event_priority_set(h->timer, PRIORITY_BACKGROUND)) {
        holes_destroy(h);
        return -ENOMEM;
    }
    *holes = h;
    return 0;
}

void holes_destroy(struct holes *h)
{
    if (!h)
        return;
    if (h->timer)
        event_free(h->timer);
    slot_set_clear(&h->free);
    free(h);
}
