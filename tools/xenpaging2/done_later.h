/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Store operations whose end is known at once, and told of from the event loop as all others. */
#ifndef XENPAGING2_DONE_LATER_H
#define XENPAGING2_DONE_LATER_H

#include "io_list.h"

struct done_later {
    struct io_list list;
    struct event *event;
};

/* Returns 0 or -ENOMEM; done_later_clear() is allowed in either case, and forgets what is waiting.
 */
int done_later_init(struct done_later *later, struct event_base *base);
void done_later_clear(struct done_later *later);

/* From the loop, and not from here, io->engine_done() is called with io->error as it is now. */
void done_later(struct done_later *later, struct store_io *io);

#endif
