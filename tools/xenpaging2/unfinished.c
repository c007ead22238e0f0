/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unfinished.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "priorities.h"
#include "timer_ms.h"

#define RETRY_MS 20

struct unfinished {
    mem_event_fn *again;
    void *arg;
    struct event *timer;
    unsigned int nr;
    struct mem_event events[MEM_EVENT_RING_SLOTS];
};

static void time_is_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    unfinished_retry(arg);
}

struct unfinished *unfinished_create(struct event_base *base, mem_event_fn *again, void *arg)
{
    struct unfinished *unfinished = calloc(1, sizeof(*unfinished));

    if (!unfinished)
        return NULL;
    unfinished->again = again;
    unfinished->arg = arg;
    unfinished->timer = event_new(base, -1, 0, time_is_over, unfinished);
    if (!unfinished->timer || event_priority_set(unfinished->timer, PRIORITY_SERVE)) {
        unfinished_destroy(unfinished);
        errno = ENOMEM;
        return NULL;
    }
    return unfinished;
}

void unfinished_destroy(struct unfinished *unfinished)
{
    if (!unfinished)
        return;
    if (unfinished->timer)
        event_free(unfinished->timer);
    free(unfinished);
}

void unfinished_keep(struct unfinished *unfinished, const struct mem_event *event)
{
    assert(unfinished->nr < MEM_EVENT_RING_SLOTS);
    unfinished->events[unfinished->nr++] = *event;
    timer_add_ms(unfinished->timer, RETRY_MS);
}

unsigned int unfinished_nr(const struct unfinished *unfinished)
{
    return unfinished->nr;
}

/* Some of them may be kept again. */
void unfinished_retry(struct unfinished *unfinished)
{
    struct mem_event events[MEM_EVENT_RING_SLOTS];
    unsigned int nr = unfinished->nr;

    memcpy(events, unfinished->events, sizeof(events));
    unfinished->nr = 0;
    for (unsigned int i = 0; i < nr; i++)
        unfinished->again(unfinished->arg, &events[i]);
}
