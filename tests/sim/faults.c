/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which hypercalls fail: the n-th of each kind, by the seed and n alone, so that a seed's plan is
 * the same in every run, however the threads run.
 */
#include "host.h"

#include <errno.h>

#include "pattern.h"

#define MAX_ERRORS 4

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
};

static uint32_t rate;
static uint64_t calls[SIM_NR_OPS], count;

void faults_set(uint32_t new_rate)
{
    rate = new_rate;
}

uint64_t faults_count(void)
{
    return count;
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
    count++;
    return -errors_of[op][(chance >> 32) % nr];
}
