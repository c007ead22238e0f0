/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened since the start, in pages. */
#ifndef XENPAGING2_STATS_H
#define XENPAGING2_STATS_H

#include <stdint.h>

struct stats {
    uint64_t page_ins;   /* pages given back to the guest, whatever the reason */
    uint64_t refaults;   /* of these, the ones that somebody waited for */
    uint64_t page_outs;  /* pages evicted */
    uint64_t drops;      /* paged-out pages that the guest gave up */
    uint64_t lost;       /* nominations that an access undid */
    uint64_t prefetched; /* pages brought in because the guest seemed to come to them next */
    uint64_t useful;     /* of these, the ones that it went over, as far as can be seen */
    uint64_t retries;    /* page-ins put off for want of memory, or tried again after an error */
    uint64_t clean;      /* of page_outs, the ones that were in the store already */
};

#endif
