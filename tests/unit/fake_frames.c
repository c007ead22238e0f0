/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's frames: what is in them, who refers to them, the mappings of the daemon. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "failing.h"
#include "page.h"
#include "xen_paging_batch.h"

#define SCRUBBED 0xc2

/* --- Contents. --- */

char *frame_page(uint32_t frame)
{
    return machine.frames + (size_t)frame * PAGE_BYTES;
}

/* Much of what these tests do, and nothing that threads share. */
__attribute__((no_sanitize("thread"))) void fill_page(void *page, uint32_t gfn, uint32_t version)
{
    uint64_t *words = page, x = (uint64_t)version << 32 | gfn;

    if (!version) {
        memset(page, 0, PAGE_BYTES);
        return;
    }
    for (size_t i = 0; i < PAGE_BYTES / sizeof(*words); i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        words[i] = x;
    }
}

void fake_xen_expected(uint32_t gfn, void *page)
{
    fill_page(page, gfn, machine.entries[gfn].version);
}

void check_contents(uint32_t gfn)
{
    char expected[PAGE_BYTES];

    fake_xen_expected(gfn, expected);
    if (memcmp(expected, frame_page(machine.entries[gfn].p2m.frame), PAGE_BYTES))
        complain("gfn %u has wrong contents", gfn);
}

/* --- Frames. --- */

uint32_t new_frame(void)
{
    static uint32_t at;

    if (!fake_xen.free_host_pages)
        return NO_FRAME;
    for (uint32_t i = 0; i < machine.nr_frames; i++) {
        at = (at + 1) % machine.nr_frames;
        if (machine.uses[at].refs)
            continue;
        machine.uses[at] = (struct p2m_use){.refs = 1};
        machine.resident++;
        fake_xen.free_host_pages--;
        return at;
    }
    return NO_FRAME;
}

static void free_if_unused(uint32_t frame)
{
    if (machine.uses[frame].refs)
        return;
    memset(frame_page(frame), SCRUBBED, PAGE_BYTES);
    machine.resident--;
    fake_xen.free_host_pages++;
}

void frame_put(uint32_t frame)
{
    machine.uses[frame].refs--;
    free_if_unused(frame);
}

void frame_pin(uint32_t frame)
{
    rule_pin(machine_xen(), &machine.uses[frame]);
}

bool frame_unpin(uint32_t frame)
{
    bool rings = rule_unpin(machine_xen(), &machine.uses[frame]);

    free_if_unused(frame);
    return rings && has_feature(XENMEM_paging_feature_doorbell);
}

void *frame_take(uint64_t gfn, uint32_t *frame)
{
    *frame = entry_of(gfn)->p2m.frame;
    if (*frame == NO_FRAME)
        return NULL;
    machine.uses[*frame].refs++;
    return frame_page(*frame);
}

/* --- Mappings of the daemon. --- */

static int map_one(uint64_t gfn, int protection, char *at)
{
    uint32_t frame;

    if (entry_of(gfn)->p2m.type != TYPE_INVALID && !gfn_has_frame(gfn))
        complain("the daemon would wait for itself: it maps gfn %u", (unsigned int)gfn);
    if (!frame_take(gfn, &frame))
        return -EINVAL;
    assert_true(machine.nr_mapped < MAX_MAPS);
    machine.mapped[machine.nr_mapped].at = at;
    machine.mapped[machine.nr_mapped++].frame = frame;
    unfailing_mmap(machine.fd, (size_t)frame * PAGE_BYTES, PAGE_BYTES, protection, at);
    return 0;
}

void *frames_map(const xen_pfn_t *gfns, size_t nr, int protection, int *errors)
{
    char *at = unfailing_mmap(-1, 0, nr * PAGE_BYTES, PROT_NONE, NULL);

    for (size_t i = 0; i < nr; i++)
        errors[i] = map_one(gfns[i], protection, at + i * PAGE_BYTES);
    return at;
}

void frames_unmap(void *at, size_t nr)
{
    char *first = at;
    unsigned int kept = 0;

    for (unsigned int i = 0; i < machine.nr_mapped; i++) {
        if (machine.mapped[i].at >= first && machine.mapped[i].at < first + nr * PAGE_BYTES)
            frame_put(machine.mapped[i].frame);
        else
            machine.mapped[kept++] = machine.mapped[i];
    }
    machine.nr_mapped = kept;
    unfailing_munmap(at, nr * PAGE_BYTES);
}
