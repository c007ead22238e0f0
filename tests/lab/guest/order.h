/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which page is visited next. Page numbers here are relative to one thread's range [0, n).
 * All sequences are pseudo-random with fixed seeds: two runs visit the same pages.
 */
#ifndef GUEST_ORDER_H
#define GUEST_ORDER_H

#include <stdint.h>

enum pattern { PATTERN_RANDOM, PATTERN_SWEEP, PATTERN_ZIPF };

/* The state of one thread's rewrites. */
struct order {
    enum pattern pattern;
    uint64_t pages;  /* n, at least 1 */
    uint64_t hot;    /* pages of the working set, 1 to n */
    uint64_t random; /* state of the generator */
    uint64_t cursor; /* of the sweep */
};

/*
 * The i-th page (i < n) of a full verification: each page exactly once, ascending for sweep,
 * else shuffled, differently in each round.
 */
uint64_t order_verify(const struct order *o, uint64_t i, uint64_t round);

/*
 * The next page of the working set to rewrite: in turn for sweep, uniform for random, and for
 * zipf the k-th hottest with a probability close to 1/k. The working set is the beginning of the
 * range for sweep and scattered over the range for the others.
 */
uint64_t order_rewrite(struct order *o);

#endif
