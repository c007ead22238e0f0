/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way out and in, with everything happening at once: a guest of several vCPUs that reads,
 * writes and balloons, mappers in the host, targets that change, a store and a hypervisor that
 * fail now and then, a host that runs out of memory; at each hypercall of the daemon, and between
 * the turns of its loop. In the end all must be at peace: see rig_assert_at_peace().
 *
 * On a patched hypervisor (fake_xen_patch()) the mappers write too, and nothing of it may be lost.
 */
#ifndef UNIT_STORY_H
#define UNIT_STORY_H

#include "rig.h"

/* Decides what happens: a number below another one. */
typedef uint32_t story_draw_fn(uint32_t below);

void story_tell(story_draw_fn *draw, const char *policy, unsigned int nr_steps);

#define STORY_GFNS 160u

/* The same in parts: a story can go on with another rig that has taken over. */
void story_begin(struct rig *rig, story_draw_fn *draw);
void story_go_on(struct rig *rig, unsigned int nr_steps);
void story_goes_well(void);      /* whatever was wrong with store and hypervisor */
void story_end(struct rig *rig); /* destroys the rig */

#endif
