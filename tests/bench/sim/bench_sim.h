/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pagers at work on a simulated host, at the speed of this machine. The guest is what this program
 * does to its pages: the only vCPU has no thread, and main() touches pages on its behalf.
 */
#ifndef BENCH_SIM_H
#define BENCH_SIM_H

#include "bench_store.h"
#include "host.h"
#include "own_time.h"

struct bench {
    struct domain *domain;
    const struct pages *pages; /* what its RAM holds, and never changes */
    pid_t pager;
    const char *old_pager; /* its path; NULL: it is ours */
    double start_us;       /* that it took to get ready */
    struct own_time *own;  /* what it takes itself of the page-in under way */
};

/*
 * Makes host and domain, in dir, and starts the pager with the store that is where. The domain has
 * pages->nr pages of RAM, and gfns up to nr_gfns, if that is more.
 */
void bench_start(struct bench *b, const char *dir, bool patched, const char *where,
                 uint64_t nr_gfns);

/* Kills the pager, and has another one take its place; start_us is how long that took. */
void bench_take_over(struct bench *b, const char *dir, const char *where);

/* Tells the pager to end; returns when it has, with all pages back. */
void bench_end(struct bench *b);

/* The pager's processor time so far, in us. */
double bench_pager_us(const struct bench *b);

/* Sets the target; returns as soon as there are no more pages than that. */
void bench_squeeze(struct bench *b, uint64_t pages);

/* The same, but returns at once; and whether it is so. */
void bench_begin_squeeze(struct bench *b, uint64_t pages);
bool bench_is_squeezed(const struct bench *b, uint64_t pages);

/* Lets all come in but for slack pages. */
void bench_refill(struct bench *b, uint64_t slack);

/*
 * Has host and pager run on one processor, or on all again. To wake another one can take longer
 * than all else of a page-in, in a virtual machine above all; evictions are faster with one for
 * each.
 */
void bench_keep_together(const struct bench *b, bool together);

/*
 * Looks at a page that is drawn. Returns how long that took, in us, if it had to come in, else a
 * negative number; own_us is what the pager took itself. A page that is not as it was ends the
 * program.
 */
double bench_touch(struct bench *b, double *own_us);

/* What becomes of a guest of this many gfns with pages->nr pages of RAM: memory and time. */
void bench_size(struct bench *b, const char *dir, const char *where, uint64_t nr_gfns);

/* What the kernel's own swap makes of such pages. */
void bench_swap(const struct pages *pages);

#endif
