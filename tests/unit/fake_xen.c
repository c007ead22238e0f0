/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine as a whole: its making and its end, its calls, and what can be asked of it. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "failing.h"
#include "kill_points.h"
#include "page.h"
#include "xen_paging_batch.h"

#define SPARE_FRAMES 64

struct machine machine;
struct fake_xen fake_xen;

static uint32_t features_of_next;

void fake_xen_patch(bool patched)
{
    features_of_next = patched
                           ? XENMEM_paging_feature_batch | XENMEM_paging_feature_pins |
                                 XENMEM_paging_feature_doorbell | XENMEM_paging_feature_reattach |
                                 XENMEM_paging_feature_invalidate
                           : 0;
}

int setup_on_patched(int (*setup)(void **state), void **state)
{
    int rc;

    fake_xen_patch(true);
    rc = setup(state);
    fake_xen_patch(false);
    return rc;
}

bool has_feature(uint32_t feature)
{
    return (fake_xen.features & feature) != 0;
}

bool fake_xen_is_patched(void)
{
    return has_feature(XENMEM_paging_feature_pins);
}

struct p2m_xen machine_xen(void)
{
    return (struct p2m_xen){.patched = fake_xen_is_patched(),
                            .drops_what_is_out = !fake_xen.keeps_what_is_out};
}

void complain(const char *fmt, ...)
{
    va_list args;

    if (machine.complaint[0])
        return;
    va_start(args, fmt);
    vsnprintf(machine.complaint, sizeof(machine.complaint), fmt, args);
    va_end(args);
}

void fake_xen_assert_no_complaint(void)
{
    if (machine.complaint[0])
        fail_msg("%s", machine.complaint);
}

/* --- Calls. --- */

/* Not what an end does, which goes on whatever fails. */
static bool can_be_made_to_fail(enum fake_call call)
{
    return call != CALL_DISABLE && call != CALL_NOTIFY && call != CALL_PAUSE &&
           call != CALL_UNPAUSE;
}

bool call_fails(enum fake_call call, uint64_t gfn)
{
    int error = 0;

    machine.calls[call].nr++;
    kill_point();
    if (fake_xen.before_call)
        fake_xen.before_call(call, (uint32_t)gfn);
    if (fake_xen.gone) {
        error = ESRCH;
    } else if (machine.calls[call].to_fail) {
        machine.calls[call].to_fail--;
        error = machine.calls[call].error;
    } else if (can_be_made_to_fail(call) && fail_this(EFAULT)) {
        error = EFAULT;
    }
    if (error)
        errno = error;
    return error != 0;
}

void fake_xen_fail(enum fake_call call, unsigned int nr, int error)
{
    machine.calls[call].to_fail = nr;
    machine.calls[call].error = error;
}

unsigned int fake_xen_nr_calls(enum fake_call call)
{
    return machine.calls[call].nr;
}

/* --- What there is to see. --- */

enum p2m_type fake_xen_type(uint32_t gfn)
{
    return entry_of(gfn)->p2m.type;
}

uint32_t fake_xen_nr_gfns(void)
{
    return machine.nr_gfns;
}

uint32_t fake_xen_count(enum p2m_type type)
{
    uint32_t nr = 0;

    for (uint32_t gfn = 0; gfn < machine.nr_gfns; gfn++)
        nr += machine.entries[gfn].p2m.type == type;
    return nr;
}

uint64_t fake_xen_resident(void)
{
    return machine.resident;
}

uint64_t fake_xen_nr_paged(void)
{
    return machine.paged > 0 ? (uint64_t)machine.paged : 0;
}

bool fake_xen_ring_is_in_physmap(void)
{
    return gfn_has_frame(p2m_ring_gfn());
}

void fake_xen_assert_at_peace(void)
{
    for (uint32_t gfn = 0; gfn < machine.nr_gfns; gfn++)
        if (machine.entries[gfn].p2m.type == TYPE_RAM_RW && gfn != p2m_ring_gfn())
            check_contents(gfn);
    fake_xen_assert_no_complaint();
    assert_int_equal(fake_xen_nr_unanswered(), 0);
    assert_int_equal(guest_nr_waiting(), 0);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), 0);
    assert_int_equal(fake_xen_count(TYPE_PAGING_IN), 0);
    assert_int_equal(fake_xen_count(TYPE_PAGED), machine.paged);
    assert_true(machine.nr_mapped <= 1); /* the ring */
}

/* --- From here to there. --- */

static void create_ram(void)
{
    for (uint32_t gfn = 0; gfn < machine.nr_gfns; gfn++) {
        machine.entries[gfn].p2m = P2M_HOLE;
        assert_int_equal(p2m_add_frame(gfn), 0);
        if (gfn != p2m_ring_gfn())
            access_page(gfn, true);
    }
}

void fake_xen_create(uint32_t nr_gfns)
{
    memset(&machine, 0, sizeof(machine));
    fake_xen =
        (struct fake_xen){.free_host_pages = nr_gfns + SPARE_FRAMES, .features = features_of_next};
    machine.nr_gfns = nr_gfns;
    machine.nr_frames = nr_gfns + SPARE_FRAMES;
    machine.entries = unfailing_calloc(nr_gfns, sizeof(*machine.entries));
    machine.uses = unfailing_calloc(machine.nr_frames, sizeof(*machine.uses));
    machine.fd = memfd_create("frames", MFD_CLOEXEC);
    assert_int_equal(ftruncate(machine.fd, (off_t)machine.nr_frames * PAGE_BYTES), 0);
    machine.frames = unfailing_mmap(machine.fd, 0, (size_t)machine.nr_frames * PAGE_BYTES,
                                    PROT_READ | PROT_WRITE, NULL);
    vcpus_reset();
    ring_reset();
    fake_libs_reset();
    create_ram();
}

void fake_xen_destroy(void)
{
    unfailing_munmap(machine.frames, (size_t)machine.nr_frames * PAGE_BYTES);
    close(machine.fd);
    unfailing_free(machine.entries);
    unfailing_free(machine.uses);
    fake_libs_assert_closed();
}
