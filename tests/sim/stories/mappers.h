/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs of dom0, such as device models, that map pages of the guest: those of the region to
 * read, those of their own to write, which on a stock Xen can lose what they write. They also take
 * references in passing, as Xen does itself.
 */
#ifndef SIM_MAPPERS_H
#define SIM_MAPPERS_H

#include "guest.h"

#define MAX_MAPPERS 2

/* Starts one; writes says whether it writes. Its pages are its share of g->mapped. */
void mapper_start(struct guest *g, unsigned int index, bool writes);

/* Lets all of them end and joins them. */
void mappers_stop(void);

/* A page that mappers write: it must have the last counter. */
void mappers_check(struct guest *g, uint64_t gfn, const uint64_t *words);

/* Writes that were found lost. On a patched Xen, or without writers, there must not be any. */
uint64_t mappers_lost(void);

#endif
