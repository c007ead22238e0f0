/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a vCPU does to memory, and when it may run at all. */
#include "host.h"

#include <errno.h>
#include <string.h>

#define SPIN_MS 5u

bool vcpu_is_stopped(const struct vcpu *v)
{
    return v->domain->pauses || v->event_pauses || v->blocked;
}

bool vcpu_wait(struct vcpu *v)
{
    while (!v->domain->dying && vcpu_is_stopped(v))
        host_wait();
    return !v->domain->dying;
}

/* Returns true if the access can be made. */
static bool try(struct vcpu *v, enum access_by by, uint64_t gfn)
{
    enum access_outcome outcome = p2m_access(v->domain, by, gfn);

    if (outcome == ACCESS_SPINS) {
        host_wait_ms(SPIN_MS);
        v->domain->cpu_ns += SPIN_MS * 1000000;
    }
    if (outcome == ACCESS_ASKS)
        p2m_populate(v->domain, v, gfn);
    return outcome == ACCESS_GOES_ON;
}

static void copy(struct domain *d, enum access how, uint64_t gfn, size_t offset, void *data,
                 size_t bytes)
{
    const struct p2m_entry *e = p2m_entry(d, gfn);
    char *there = e->frame == NO_FRAME ? NULL : frame_page(e->frame) + offset;

    if (how == ACCESS_WRITE && there && e->type != TYPE_RAM_RO && !sabotage_now(WRITE_LOST))
        memcpy(there, data, bytes);
    if (how == ACCESS_READ && there)
        memcpy(data, there, bytes);
    else if (how == ACCESS_READ)
        memset(data, 0xff, bytes);
}

bool vcpu_access(struct vcpu *v, enum access how, enum access_by by, uint64_t gfn, size_t offset,
                 void *data, size_t bytes)
{
    bool alive;

    host_lock();
    while ((alive = vcpu_wait(v)) && !try(v, by, gfn))
        continue;
    if (alive)
        copy(v->domain, how, gfn, offset, data, bytes);
    host_unlock();
    return alive;
}

int vcpu_give_up(struct vcpu *v, uint64_t gfn)
{
    int rc = -ESRCH;

    host_lock();
    if (vcpu_wait(v))
        rc = p2m_remove_page(v->domain, v, gfn);
    host_unlock();
    return rc;
}

int vcpu_take(struct vcpu *v, uint64_t gfn)
{
    int rc = -ESRCH;

    host_lock();
    if (vcpu_wait(v))
        rc = p2m_add_page(v->domain, gfn);
    host_unlock();
    return rc;
}

static bool any_in_xen(const struct domain *d)
{
    for (unsigned int i = 0; i < d->nr_vcpus; i++)
        if (d->vcpus[i].in_xen)
            return true;
    return false;
}

void domain_pause(struct domain *d)
{
    d->pauses++;
    while (any_in_xen(d))
        host_wait();
}

int domain_unpause(struct domain *d)
{
    if (!d->pauses)
        return -EINVAL;
    d->pauses--;
    host_changed();
    return 0;
}
