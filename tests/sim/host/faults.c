/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which hypercalls fail: the n-th of each kind, by the seed and n alone, so that a seed's plan is
 * the same in every run, however the threads run.
 */
#include "host.h"

#include <errno.h>

#include "pattern.h"

/*
 * Whatever a call can come to, but for what tells of the state of a page or the end of a domain
 * (EINVAL, ENOENT, ESRCH): that has to be true. A batch that fails as a whole does not tell of a
 * page's use either: only the first ones are for it.
 */
static const int errors[] = {EFAULT, ENOMEM, EPERM, EIO, EINTR, EBUSY, EAGAIN};
#define NR_ERRORS (sizeof(errors) / sizeof(errors[0]))
#define NR_CALL_ERRORS 5

/* Not those that a pager cannot do anything about, such as unpausing. */
static const bool may_fail[SIM_NR_OPS] = {
    [SIM_FRAME_INFO] = true,  [SIM_SET_MEM_TYPE] = true, [SIM_NOMINATE] = true,
    [SIM_EVICT] = true,       [SIM_PREP] = true,         [SIM_BATCH] = true,
    [SIM_MAP] = true,         [SIM_MAX_GPFN] = true,     [SIM_FREE_PAGES] = true,
    [SIM_DOMAIN_INFO] = true, [SIM_PAUSE] = true,
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
    size_t nr = NR_ERRORS;

    if (!may_fail[op] || !rate)
        return 0;
    if (op == SIM_BATCH)
        nr = NR_CALL_ERRORS;
    chance = pattern_mix(host.seed * SIM_NR_OPS + op + (calls[op]++ << 32));
    if (chance % rate)
        return 0;
    return -errors[(chance >> 32) % nr];
}

static enum sabotage sabotage;
static unsigned int chances, taken;

void sabotage_set(enum sabotage what, unsigned int chance)
{
    sabotage = what;
    taken = chance;
}

bool sabotage_now(enum sabotage what)
{
    return sabotage == what && ++chances == taken;
}
