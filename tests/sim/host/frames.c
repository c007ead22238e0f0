/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's memory, and who refers to it. */
#include "host.h"

#include <string.h>

char *frame_page(uint32_t frame)
{
    return host.memory + (size_t)frame * PAGE_BYTES;
}

static uint32_t take_free(struct domain *d)
{
    static uint32_t at;

    do
        at = (at + 1) % host.nr_frames;
    while (host.frames[at].use.refs);
    host.frames[at] = (struct frame){.use.refs = 1, .owner = d};
    host.nr_free--;
    return at;
}

uint32_t frame_alloc(struct domain *d)
{
    if (host.nr_free <= host.withheld || d->tot_pages >= d->max_pages)
        return NO_FRAME;
    d->tot_pages++;
    return take_free(d);
}

uint32_t frame_alloc_shared(struct domain *d)
{
    uint32_t frame = take_free(d);

    memset(frame_page(frame), 0, PAGE_BYTES);
    return frame;
}

static void free_if_unused(uint32_t frame)
{
    struct frame *f = &host.frames[frame];

    if (f->use.refs)
        return;
    memset(frame_page(frame), SCRUBBED, PAGE_BYTES);
    f->owner->tot_pages--;
    host.nr_free++;
}

void frame_get(uint32_t frame)
{
    host.frames[frame].use.refs++;
}

void frame_put(uint32_t frame)
{
    host.frames[frame].use.refs--;
    free_if_unused(frame);
}

void frame_pin(uint32_t frame)
{
    rule_pin(host_xen(), &host.frames[frame].use);
}

void frame_unpin(uint32_t frame)
{
    struct frame *f = &host.frames[frame];

    if (host.patched && !f->use.pins)
        complain("a pin is dropped that nobody holds");
    else if (rule_unpin(host_xen(), &f->use))
        channel_kick(f->owner->ring.channel);
    free_if_unused(frame);
}
