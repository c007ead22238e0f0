/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether Xen, real or simulated, answers as a real one did: sequences of operations on one page,
 * and what came of each.
 */
#ifndef P2M_CONFORMANCE_H
#define P2M_CONFORMANCE_H

#include <stdint.h>

/* More than other cases have: it is the last one. */
#define CONFORMANCE_GFNS 256
#define CONFORMANCE_OTHERS                                                                         \
    4                       /* of the guest's code come first, then pages to fill the ring with    \
                             */
#define CONFORMANCE_ROWS 16 /* the first row's page */

struct row {
    const char *name;
    const char *steps;   /* words, see steps.h; they happen to one gfn */
    const char *stock;   /* the result; NULL: the row is not for a stock Xen */
    const char *patched; /* likewise; SAME as on a stock one */
};

#define SAME ((const char *)1)

/* Ends with a row without a name. */
extern const struct row conformance_rows[];

/* --- steps.c --- */

/* The page of the next steps is GFN, filled; the BARE_GFNS pages at CODE are for a guest's code. */
void steps_begin(uint64_t gfn, uint64_t code);

/* Takes a step of this name. Returns what came of it, in a word, which is valid until the next. */
const char *steps_take(const char *word);

/* Takes all requests from the ring and returns what they are, in words; answers them. */
const char *steps_requests(void);

/* Undoes whatever may disturb the next row. */
void steps_end(void);

#endif
