/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The size of what is paged, and the arithmetic with it. */
#ifndef XENPAGING2_PAGE_H
#define XENPAGING2_PAGE_H

#include <stdint.h>

#define PAGE_BYTES 4096u
#define PAGE_KIB 4u

/* Rounds up: what is not nothing stays so. */
static inline uint64_t kib_to_pages(uint64_t kib)
{
    return (kib + PAGE_KIB - 1) / PAGE_KIB;
}

static inline uint64_t pages_to_kib(uint64_t pages)
{
    return pages * PAGE_KIB;
}

#endif
