/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "done_later.h"

#include <errno.h>
#include <event2/event.h>

#include "priorities.h"

static void tell(evutil_socket_t fd, short what, void *arg)
{
    struct done_later *later = arg;
    struct io_list list = STAILQ_HEAD_INITIALIZER(list);
    struct store_io *io;

    (void)fd, (void)what;
    STAILQ_CONCAT(&list, &later->list); /* who is told may come with the next one */
    while ((io = io_list_take(&list)))
        io->engine_done(io);
}

int done_later_init(struct done_later *later, struct event_base *base)
{
    STAILQ_INIT(&later->list);
    later->event = event_new(base, -1, 0, tell, later);
    if (!later->event || event_priority_set(later->event, PRIORITY_SERVE))
        return -ENOMEM;
    return 0;
}

void done_later_clear(struct done_later *later)
{
    if (later->event)
        event_free(later->event);
    later->event = NULL;
}

void done_later(struct done_later *later, struct store_io *io)
{
    STAILQ_INSERT_TAIL(&later->list, io, link);
    event_active(later->event, EV_TIMEOUT, 0);
}
