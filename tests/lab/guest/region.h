/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory under test: the pages, and beside them the version each page should have.
 * Allocated once at the start, in 4 KiB pages, never freed: it lives as long as the program.
 */
#ifndef GUEST_REGION_H
#define GUEST_REGION_H

#include <stdint.h>

struct region {
    uint64_t pages;
    uint64_t *words;    /* pages * PAGE_WORDS of them */
    uint32_t *versions; /* one per page; written by the page's owner only */
};

/* 0, or a negative errno after reporting it. All pages are present and zero. */
int region_create(struct region *r, uint64_t pages);

uint64_t *region_page(const struct region *r, uint64_t page);

#endif
