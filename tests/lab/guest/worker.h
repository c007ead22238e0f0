/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads. Each one owns a range of pages and alone touches them and their versions, so that
 * nothing here is locked: two barriers part the threads' turn (a round) from the caller's (to
 * read the results), and hand over between them.
 *
 * A visit to a page times its first access: that is where a paged-out page makes one wait.
 */
#ifndef GUEST_WORKER_H
#define GUEST_WORKER_H

#include "histogram.h"
#include "params.h"
#include "region.h"
#include "report.h"

/* Starts the threads, each pinned to a cpu, and returns when all pages hold version 0.
 * 0, or a negative errno after reporting it. Both arguments must stay valid until workers_stop. */
int workers_start(const struct params *params, struct region *region);

/*
 * One round (numbered from 1): every thread rewrites pages of its working set, checking each one
 * before, then verifies all of its range. A bad page is counted and written anew, so that each
 * damage counts once.
 */
void workers_round(uint64_t round, struct round_result *result);

/* The delays of all rounds so far. Between rounds only. */
void workers_histogram(struct histogram *total);

/* Ends and joins the threads. */
void workers_stop(void);

#endif
