/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lab-p2m says: a line for each step, and an end when no conclusion can be reached.
 */
#ifndef P2M_REPORT_H
#define P2M_REPORT_H

#include <stdint.h>

/* Prints "WHAT GFN: ok" or the error's name; returns rc, which is 0, > 0 or -errno. */
int step(const char *what, uint64_t gfn, int rc);

/* Prints a remark. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Nothing is proven, neither good nor bad: ends the program with 2. */
_Noreturn void inconclusive(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For steps that are no part of what is tested. */
void must(const char *what, int rc);

#endif
