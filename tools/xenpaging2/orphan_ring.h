/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring of a pager that has died, on a Xen that gives its place to nobody: what was in it is
 * lost, and vCPUs are paused for responses that nobody owes them any more.
 */
#ifndef XENPAGING2_ORPHAN_RING_H
#define XENPAGING2_ORPHAN_RING_H

#include <stdint.h>

struct xen_ops;

/*
 * Puts a new ring, a mapped page of the ring's gfn, in its place and releases all vCPUs. The domain
 * is paused, and nobody may look up a page of it that is out: while there is no ring, for two short
 * moments, Xen crashes the domain for that. *port is the event channel port to bind to. Returns 0
 * or a negative errno: -EBUSY if a vCPU waits for room in the old ring, which nobody can give it.
 */
int orphan_ring_replace(struct xen_ops *ops, void *page, uint32_t *port);

#endif
