/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peace.h"

#include "dom0.h"

/* References of a process go shortly after it. */
static bool nobody_holds_anything(void *arg)
{
    bool held = false;

    (void)arg;
    host_lock();
    for (uint32_t i = 0; i < host.nr_frames; i++)
        held |= host.frames[i].use.refs > 1 || host.frames[i].use.pins;
    host_unlock();
    return !held;
}

static void account_for(const struct domain *d)
{
    uint64_t nr = d->leaked;

    for (uint64_t gfn = 0; gfn < d->nr_gfns; gfn++)
        nr += d->p2m[gfn].frame != NO_FRAME;
    if (nr != d->tot_pages)
        complain("d%u has %lu pages, but %lu frames", d->id, (unsigned long)nr,
                 (unsigned long)d->tot_pages);
    if (d->ring.enabled)
        complain("d%u: paging is still enabled", d->id);
    if (d->pauses && !d->dying)
        complain("d%u is still paused", d->id);
}

void peace_expect(const struct guest *guests, unsigned int nr_guests, unsigned int ms)
{
    uint64_t all = host.nr_free;

    if (!wait_until(nobody_holds_anything, NULL, ms))
        complain("somebody still has pages mapped");
    host_lock();
    for (unsigned int i = 0; i < nr_guests; i++) {
        account_for(guests[i].domain);
        all += guests[i].domain->tot_pages;
    }
    if (all != host.nr_frames)
        complain("%lu frames are left of %u", (unsigned long)all, host.nr_frames);
    host_unlock();
}
