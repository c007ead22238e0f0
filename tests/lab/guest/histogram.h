/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts of delays in microseconds by powers of two: bucket i holds the delays up to 2^i us that
 * are above the bucket before; the last one also holds everything longer.
 * Not locked: each thread has its own, merged while the threads rest.
 */
#ifndef GUEST_HISTOGRAM_H
#define GUEST_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_BUCKETS 32

struct histogram {
    uint64_t count[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *h, uint64_t us);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* Formats "1:N,2:N,4:N,…" up to the longest delay seen (at least "1:N"); always terminates. */
void histogram_format(const struct histogram *h, char *text, size_t size);

#endif
