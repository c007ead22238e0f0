/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The size of what is paged, and the arithmetic with it. */
#ifndef XENPAGING2_PAGE_H
#define XENPAGING2_PAGE_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define PAGE_KIB 4u

/* Tables that have something for each gfn take memory in parts of this many. */
#define PART_GFNS 4096u

/* Rounds up: what is not nothing stays so. */
static inline uint64_t kib_to_pages(uint64_t kib)
{
    return (kib + PAGE_KIB - 1) / PAGE_KIB;
}

static inline uint64_t pages_to_kib(uint64_t pages)
{
    return pages * PAGE_KIB;
}

/* How many gfns the parts have that it takes for so many. */
static inline size_t whole_parts(uint32_t nr_gfns)
{
    return ((size_t)nr_gfns + PART_GFNS - 1) / PART_GFNS * PART_GFNS;
}

#endif
