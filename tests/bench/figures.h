/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured: lines "PART CASE FIGURE VALUE", separated by tabs, on stdout. None of the names
 * has a tab or a quotation mark. VALUE is a number, or "-" for what cannot be had here.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stddef.h>

/* The part and the case that what follows is about. The words stay the caller's. */
void figures_of(const char *part, const char *name);

/* A figure; NaN is none. */
void put_figure(const char *figure, double value);

/* Delays in us, n > 0 of them, which are sorted in place: WHAT-p50-us and others, up to
 * WHAT-max-us. */
void put_delays(const char *what, double *us, size_t n);

#endif
