/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of store operations, for those through whose hands they go. */
#ifndef XENPAGING2_IO_LIST_H
#define XENPAGING2_IO_LIST_H

#include <stdbool.h>

#include "store.h"

STAILQ_HEAD(io_list, store_io);

/* The first one, which is no longer in the list then; NULL if that is empty. */
static inline struct store_io *io_list_take(struct io_list *list)
{
    struct store_io *io = STAILQ_FIRST(list);

    if (io)
        STAILQ_REMOVE_HEAD(list, link);
    return io;
}

/* One that brings a page in; the others are page-outs and holes. */
static inline bool io_is_read(const struct store_io *io)
{
    return io->urgency < STORE_PAGE_OUT;
}

#endif
