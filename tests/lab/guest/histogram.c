/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "histogram.h"

#include <inttypes.h>
#include <stdio.h>

void histogram_add(struct histogram *h, uint64_t us)
{
    unsigned int bucket = 0;

    while (bucket < HISTOGRAM_BUCKETS - 1 && us > UINT64_C(1) << bucket)
        bucket++;
    h->count[bucket]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
        into->count[i] += from->count[i];
}

static unsigned int last_used(const struct histogram *h)
{
    unsigned int last = HISTOGRAM_BUCKETS - 1;

    while (last > 0 && h->count[last] == 0)
        last--;
    return last;
}

void histogram_format(const struct histogram *h, char *text, size_t size)
{
    unsigned int last = last_used(h);
    size_t used = 0;

    text[0] = '\0';
    for (unsigned int i = 0; i <= last && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64 ":%" PRIu64,
                                 i > 0 ? "," : "", UINT64_C(1) << i, h->count[i]);
}
