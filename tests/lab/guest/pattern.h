/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a page of the region contains.
 *
 * The content is a pure function of (page, version), and every 8-byte word of it depends on the
 * page, the version and the word's index: a page that comes back in another page's place, from an
 * older version, shifted, or with a damaged byte never matches.
 *
 * A share of the pages is "zeroable": all zero in even versions, patterned in odd ones. So every
 * new version changes the page, and zero pages turn into others and back.
 */
#ifndef GUEST_PATTERN_H
#define GUEST_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_BYTES 4096u
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))

struct page_id {
    uint64_t page;
    uint32_t version;
};

/* The first word of a page that is not what it should be. */
struct mismatch {
    unsigned int word;
    uint64_t expected;
    uint64_t found;
};

/* A bijective 64-bit mixer: every input bit reaches every output bit. */
uint64_t pattern_mix(uint64_t x);

/* Whether the page is all zero in this version; zero_percent is the share of zeroable pages. */
bool pattern_is_zero(struct page_id id, unsigned long zero_percent);

/* Writes all PAGE_WORDS words of the page. */
void pattern_fill(uint64_t *words, struct page_id id, unsigned long zero_percent);

/* Reads each word once; false at the first wrong one, which is then described in *wrong. */
bool pattern_check(const uint64_t *words, struct page_id id, unsigned long zero_percent,
                   struct mismatch *wrong);

#endif
