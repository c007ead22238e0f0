/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program's output: lines "workload: …" on standard output, read by programs, so their form
 * is stable. Each line is one write(2) and so never torn by other writers of the same console.
 */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include "histogram.h"
#include "pattern.h"

#define REPORT_BAD_MAX 5 /* bad pages described per round; the rest is only counted */

struct bad_page {
    struct page_id id; /* the version is the one it should have */
    struct mismatch wrong;
};

/* What one round found, of one thread or of all; bad_pages are the first ones of the bad. */
struct round_result {
    uint64_t verified; /* pages, each page of the region once */
    uint64_t writes;   /* pages written anew */
    uint64_t bad;
    uint64_t max_us; /* the longest access delay */
    struct bad_page bad_pages[REPORT_BAD_MAX];
};

/* "workload: error …" with the given sentence (no newline). Safe in a signal handler only with a
 * format that snprintf handles without allocating: plain numbers and strings. */
__attribute__((format(printf, 1, 2))) void report_error(const char *format, ...);

/* "workload: ready pages=N threads=T mb=M free_kib=K" */
void report_ready(uint64_t pages, unsigned long threads, unsigned long mb);

/*
 * "workload: bad page=P version=V word=I expected=0x… found=0x…" for the described bad pages, then
 * "workload: round=K bad=B verified=N writes=W ms=T max_us=U".
 */
void report_round(uint64_t round, const struct round_result *r, uint64_t ms);

/* "workload: histogram le_us=1:N,2:N,4:N,…" */
void report_histogram(const struct histogram *h);

/* "workload: touched=T us=U,U,…": of T touches, how long those took that were not at once */
void report_touches(uint64_t touched, const uint64_t *us, unsigned int nr);

/* "workload: DEVICE moves=N max_us=U" */
void report_moves(const char *device, uint64_t moves, uint64_t max_us);

/* "workload: xenstore OPERATION PATH: ANSWER" */
void report_xenstore(const char *operation, const char *path, const char *answer);

/* "workload: done rounds=K bad=B", the last line */
void report_done(uint64_t rounds, uint64_t bad);

#endif
