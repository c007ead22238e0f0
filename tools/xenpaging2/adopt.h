/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a pager that died has left: the pages it had paged out, and those it was about to. Its index
 * says which these may be, and Xen what has become of each.
 */
#ifndef XENPAGING2_ADOPT_H
#define XENPAGING2_ADOPT_H

#include <stddef.h>

struct mem_event_ring;
struct pages;
struct store;
struct xen_ops;

struct adopt_env {
    struct xen_ops *ops;
    struct pages *pages;
    struct store *store;
    struct mem_event_ring *ring; /* once it is attached */
};

/*
 * Whether the entries of the index make sense, as far as can be told without Xen. Changes nothing.
 * Returns 0, or -EBADMSG with one line for the user in message (size bytes).
 */
int adopt_check(const struct adopt_env *env, char *message, size_t size);

/*
 * Pages that are out become PAGED, urgent if somebody may be waiting for them; nominations are
 * taken back; all else is forgotten. To be called when the ring is attached, before the loop runs.
 * Returns 0 or a negative errno with message: -EBADMSG if the index does not know of all that is
 * out. With that nothing is forgotten, on a patched Xen.
 */
int adopt_pages(const struct adopt_env *env, char *message, size_t size);

#endif
