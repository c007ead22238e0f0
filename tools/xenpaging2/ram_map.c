/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ram_map.h"

#include <stdbool.h>
#include <string.h>

#include "log.h"
#include "policy.h"
#include "xen_ops.h"

#define SAMPLES 8u
#define REGIONS_AT_ONCE 32u /* 256 samples: a page-in may wait for the hypercall */

static bool any(const bool *flags, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++)
        if (flags[i])
            return true;
    return false;
}

uint32_t ram_map_refresh(struct xen_ops *ops, struct policy *policy, uint32_t nr_gfns,
                         uint32_t first_region)
{
    uint32_t gfns[REGIONS_AT_ONCE * SAMPLES];
    bool resident[REGIONS_AT_ONCE * SAMPLES];
    uint32_t left = policy_nr_regions(nr_gfns) - first_region;
    uint32_t nr_regions = left < REGIONS_AT_ONCE ? left : REGIONS_AT_ONCE;
    int rc;

    for (uint32_t i = 0; i < nr_regions * SAMPLES; i++)
        gfns[i] = first_region * POLICY_REGION_GFNS + i * (POLICY_REGION_GFNS / SAMPLES);
    rc = xen_are_resident(ops, gfns, nr_regions * SAMPLES, resident);
    if (rc)
        log_limited(LOG_LEVEL_WARNING, "cannot ask Xen where the guest's RAM is: %s",
                    strerror(-rc));
    for (uint32_t i = 0; !rc && i < nr_regions; i++)
        if (any(&resident[i * SAMPLES], SAMPLES))
            policy_add_ram(policy, first_region + i);
    return first_region + nr_regions;
}
