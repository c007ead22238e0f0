/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xen_ops.h's operations on a single page, for tests that do without eviction. */
#ifndef UNIT_ONE_PAGE_H
#define UNIT_ONE_PAGE_H

#include <stdint.h>

struct xen_ops;

int nominate_one(struct xen_ops *ops, uint32_t gfn);
int copy_one(struct xen_ops *ops, uint32_t gfn, void *copy); /* nominates it too */
int evict_one(struct xen_ops *ops, uint32_t gfn);
int cancel_one(struct xen_ops *ops, uint32_t gfn);

#endif
