/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which hypercalls fail: the n-th of each kind, by the seed and n alone, so that a seed's plan is
 * the same in every run, however the threads run.
 */
#include "host.h"

#include <errno.h>

#include "pattern.h"

#define MAX_ERRORS 4

/* Not those that a pager cannot do anything about, such as unpausing. */
static const int errors_of[SIM_NR_OPS][MAX_ERRORS] = {
    [SIM_FRAME_INFO] = {ENOMEM, EFAULT},
    [SIM_SET_MEM_TYPE] = {EAGAIN},
    [SIM_NOMINATE] = {EBUSY, ENOMEM},
    [SIM_EVICT] = {EBUSY},
    [SIM_PREP] = {ENOMEM, EFAULT},
    [SIM_BATCH] = {EFAULT, ENOMEM},
    [SIM_MAP] = {ENOMEM},
    [SIM_MAX_GPFN] = {EAGAIN},
    [SIM_FREE_PAGES] = {EAGAIN},
    [SIM_DOMAIN_INFO] = {ENOMEM},
    [SIM_PAUSE] = {ENOMEM},
};

static uint32_t rate;
static uint64_t calls[SIM_NR_OPS];

void faults_set(uint32_t new_rate)
{
    rate = new_rate;
}

int fault_of(enum sim_op op)
{
    uint64_t chance;
    unsigned int nr = 0;

    while (nr < MAX_ERRORS && errors_of[op][nr])
        nr++;
    if (!nr || !rate)
        return 0;
    chance = pattern_mix(host.seed * SIM_NR_OPS + op + (calls[op]++ << 32));
    if (chance % rate)
        return 0;
    return -errors_of[op][(chance >> 32) % nr];
}

#define SABOTAGE_AT 100 /* things are under way then */

static enum sabotage sabotage;
static unsigned int chances;

void sabotage_set(enum sabotage what)
{
    sabotage = what;
}

bool sabotage_now(enum sabotage what)
{
    return sabotage == what && ++chances == SABOTAGE_AT;
}
