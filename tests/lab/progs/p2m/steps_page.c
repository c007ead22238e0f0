/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can happen to a page, but for the paging operations of a patched Xen. */
#include "steps.h"

#include <string.h>

#include "pager.h"
#include "report.h"
#include "xen.h"

#define NO_SUCH_GFN 0x80000 /* 2 GiB: a hole */

/* --- The single operations. --- */

static const char *nominate(void)
{
    return step_outcome(xen_nominate(steps.gfn));
}

static const char *evict(void)
{
    int rc = xen_evict(steps.gfn);

    if (!rc)
        pager_keep(steps.gfn, steps.page);
    return step_outcome(rc);
}

static const char *load(void)
{
    int rc = xen_load(steps.gfn, steps.page);

    if (!rc)
        pager_forget(steps.gfn);
    return step_outcome(rc);
}

static const char *prep(void)
{
    return step_outcome(xen_prep(steps.gfn));
}

/* --- Foreign mappings. --- */

static const char *map(int protection)
{
    int error;

    if (steps.mapped)
        xen_unmap(steps.mapped);
    steps.mapped = xen_map(steps.gfn, protection, &error);
    return step_outcome(error);
}

static const char *map_ro(void)
{
    return map(PROT_READ);
}

static const char *map_rw(void)
{
    return map(PROT_READ | PROT_WRITE);
}

static const char *write_through(void)
{
    memset(steps.mapped, STEP_NEW, PAGE_BYTES);
    return "ok";
}

void step_unmap(void)
{
    xen_unmap(steps.mapped);
    steps.mapped = NULL;
}

static const char *unmap(void)
{
    step_unmap();
    return "ok";
}

/* The page's last word, which is what bare_push writes. */
static const char *look(void)
{
    int error;
    const uint32_t *page = xen_map(steps.gfn, PROT_READ, &error);
    uint32_t word;

    if (!page)
        return step_outcome(error);
    word = page[PAGE_BYTES / sizeof(word) - 1];
    xen_unmap((void *)(uintptr_t)page);
    return step_value(word);
}

/* --- Types, and the balloon. --- */

static const char *make_ro(void)
{
    return step_outcome(xen_set_type(steps.gfn, HVMMEM_ram_ro));
}

static const char *make_rw(void)
{
    return step_outcome(xen_set_type(steps.gfn, HVMMEM_ram_rw));
}

static const char *drop(void)
{
    return step_outcome(xen_balloon_out(steps.gfn));
}

static const char *populate(void)
{
    return step_outcome(xen_balloon_in(steps.gfn));
}

static const char *set_device(bool there)
{
    int rc = xen_map_device(steps.gfn, there);

    if (!rc)
        steps.device = there;
    return step_outcome(rc);
}

static const char *map_device(void)
{
    return set_device(true);
}

static const char *unmap_device(void)
{
    return set_device(false);
}

static const char *set_log_dirty(bool on)
{
    int rc = xen_log_dirty(on);

    if (!rc)
        steps.log_dirty = on;
    return step_outcome(rc);
}

static const char *log_dirty(void)
{
    return set_log_dirty(true);
}

static const char *no_log_dirty(void)
{
    return set_log_dirty(false);
}

static const char *frame_info(void)
{
    int rc = xen_frame_info(steps.gfn);

    return rc < 0 ? step_outcome(rc) : rc ? "frame" : "none";
}

static const char *grant(void)
{
    xen_grant(steps.gfn, true);
    return "ok";
}

static const char *revoke_grant(void)
{
    xen_grant(steps.gfn, false);
    return "ok";
}

/* --- Other pages than the row's own. --- */

static const char *at_hole(void)
{
    steps.gfn = NO_SUCH_GFN;
    return "ok";
}

static const char *at_ring(void)
{
    steps.gfn = pager_ring_gfn();
    return "ok";
}

/* --- All of them. --- */

const struct step page_steps[] = {{"nominate", nominate},
                                  {"evict", evict},
                                  {"load", load},
                                  {"prep", prep},
                                  {"map-ro", map_ro},
                                  {"map-rw", map_rw},
                                  {"write", write_through},
                                  {"unmap", unmap},
                                  {"look", look},
                                  {"make-ro", make_ro},
                                  {"make-rw", make_rw},
                                  {"drop", drop},
                                  {"populate", populate},
                                  {"map-device", map_device},
                                  {"unmap-device", unmap_device},
                                  {"log-dirty", log_dirty},
                                  {"no-log-dirty", no_log_dirty},
                                  {"frame-info", frame_info},
                                  {"grant", grant},
                                  {"revoke", revoke_grant},
                                  {"at-hole", at_hole},
                                  {"at-ring", at_ring},
                                  {0}};
