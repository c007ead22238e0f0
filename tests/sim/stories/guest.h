/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs in a domain: on each vCPU, rounds over its share of a region whose pages have versions
 * (tests/lab/guest/pattern.h), as in the guests of the lab; and its balloon. A page that is not as
 * it was last written is a complaint.
 *
 * The guest's RAM from gfn 0 on: the region, pages that only programs of dom0 write
 * (mappers.h), the balloon's pages, and what nobody touches.
 */
#ifndef SIM_GUEST_H
#define SIM_GUEST_H

#include "host.h"

struct guest {
    struct domain *domain;
    uint64_t nr_ram;
    uint64_t region;       /* pages */
    uint64_t mapped;       /* pages of the mappers */
    uint64_t balloon;      /* pages that may be given up, and taken again */
    unsigned long zero;    /* percent of the region's pages that are now and then zero */
    unsigned int writes;   /* pages rewritten per round, percent of the region */
    unsigned int emulated; /* one access in so many is Xen's; 0: none */
    bool rests;            /* while nothing of it goes in or out */
    bool balloons;         /* may be changed at any time */

    bool stop;
    uint32_t *versions;                   /* of the region */
    uint64_t *counters;                   /* what the mappers have written, see mappers.h */
    uint64_t rounds[MAX_VCPUS];           /* complete ones */
    uint64_t visits[MAX_VCPUS];           /* pages looked at */
    uint64_t bad;                         /* pages */
    uint64_t resident_balloon[MAX_VCPUS]; /* that the balloon has not given up, from its start on */
};

/* Makes the domain, with nr_vcpus vCPUs. The fields up to balloons are set by the caller. */
void guest_create(struct guest *g, unsigned int nr_vcpus);

/* Starts the vCPUs. */
void guest_start(struct guest *g);

/* Lets the vCPUs end and joins them. Returns false if they do not within ms. */
bool guest_stop(struct guest *g, unsigned int ms);

/* Rounds that all vCPUs have done, and pages that each has been to at least. */
uint64_t guest_rounds(const struct guest *g);
uint64_t guest_visits(const struct guest *g);

/* Looks at all of a stopped guest's memory, which must be there. */
void guest_verify(struct guest *g);

#endif
