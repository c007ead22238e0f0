/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef XENPAGING2_RAM_MAP_H
#define XENPAGING2_RAM_MAP_H

#include <stdint.h>

struct policy;
struct xen_ops;

/*
 * Tells the policy which regions of the guest have RAM. A guest of 256 MiB can have 4 GiB of
 * gfns; to try each of them would take longer than the eviction itself. A region counts as RAM,
 * from then on, if one of 8 gfns spread over it is resident.
 *
 * Looks at up to 32 regions from first_region on, with one hypercall. Returns the region to go on
 * with, or one past the last when the pass is over. Failure is logged and skips the regions.
 */
uint32_t ram_map_refresh(struct xen_ops *ops, struct policy *policy, uint32_t nr_gfns,
                         uint32_t first_region);

#endif
