/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "story.h"

#include <errno.h>
#include <event2/event.h>

#include "page.h"
#include "store_engine.h"

#define NR_GFNS STORY_GFNS
#define RING_SLOTS 8

/* How somebody in the host has mapped a page. */
enum hold { NOT_HELD, HELD_TO_READ, HELD_TO_WRITE };

static story_draw_fn *draw;
static enum hold held[NR_GFNS];
static int depth; /* what happens at a hypercall makes no hypercalls of its own */

static uint32_t any_gfn(void)
{
    /* Half of all happens in a few gfns, so that things meet. */
    return draw(2) ? draw(12) : draw(NR_GFNS - 1);
}

/* --- What can happen. --- */

static void guest_accesses(void)
{
    uint32_t vcpu = draw(FAKE_VCPUS), gfn = any_gfn();

    if (guest_is_waiting(vcpu))
        return;
    switch (draw(4)) {
    case 0:
        guest_read(vcpu, gfn);
        break;
    case 1:
        guest_read_emulated(vcpu, gfn);
        break;
    default:
        guest_write(vcpu, gfn);
    }
}

static void guest_balloons(void)
{
    uint32_t gfn = any_gfn();

    if (fake_xen_type(gfn) == TYPE_INVALID && fake_xen.free_host_pages)
        guest_take(gfn);
    else if (fake_xen_type(gfn) == TYPE_INVALID)
        return;
    else if (!held[gfn] && fake_xen_nr_unanswered() < RING_SLOTS)
        guest_give_up(gfn);
}

static void write_if_that_is_not_lost(uint32_t gfn)
{
    if (held[gfn] == HELD_TO_WRITE && fake_xen_is_patched() && draw(4))
        foreign_write(gfn);
}

static void somebody_maps(void)
{
    uint32_t gfn = any_gfn();

    if (held[gfn]) {
        write_if_that_is_not_lost(gfn);
        foreign_unmap(gfn);
        held[gfn] = NOT_HELD;
    } else if (draw(3)) {
        held[gfn] = foreign_map(gfn) ? NOT_HELD : HELD_TO_WRITE;
        write_if_that_is_not_lost(gfn);
    } else {
        held[gfn] = foreign_map_to_read(gfn) ? NOT_HELD : HELD_TO_READ;
    }
}

/* A write that is over before anybody looks: the one that a stock hypervisor loses. */
static void somebody_writes(void)
{
    uint32_t gfn = any_gfn();

    if (!fake_xen_is_patched() || held[gfn] || foreign_map(gfn))
        return;
    foreign_write(gfn);
    foreign_unmap(gfn);
}

static void somebody_copies(void)
{
    foreign_copy(any_gfn());
}

static void guest_clears(void)
{
    uint32_t gfn = any_gfn();

    if (fake_xen_type(gfn) == TYPE_RAM_RW)
        guest_clear(gfn);
}

static void happen_in_the_guest(void)
{
    static void (*const happenings[])(void) = {
        guest_accesses, guest_accesses,  guest_accesses, guest_balloons,
        somebody_maps,  somebody_copies, guest_clears,   somebody_writes,
    };

    happenings[draw(sizeof(happenings) / sizeof(happenings[0]))]();
}

static void happen_before_call(enum fake_call call, uint32_t gfn)
{
    (void)call, (void)gfn;
    if (depth++ == 0 && draw(6) == 0)
        happen_in_the_guest();
    depth--;
}

static void the_target_changes(struct rig *rig)
{
    balance_set_target(rig->balance, draw(4) ? 16 + draw(NR_GFNS) : 0);
}

static void the_store_is_in_trouble(void)
{
    static const int errors[] = {-EIO, -ENOSPC, STORE_ELSEWHERE};

    switch (draw(4)) {
    case 0:
        fake_engine.error = errors[draw(3)];
        fake_engine.fail_writes = draw(10);
        fake_engine.fail_reads = 0;
        break;
    case 1:
        fake_engine.error = -EIO;
        fake_engine.fail_reads = draw(4);
        fake_engine.fail_writes = 0;
        break;
    case 2:
        fake_engine.hold = true;
        break;
    default:
        fake_engine_release();
    }
}

static void the_hypervisor_is_in_trouble(void)
{
    static const struct {
        enum fake_call call;
        int error;
    } troubles[] = {
        {CALL_EVICT, EBUSY},      {CALL_MAP, ENOMEM},          {CALL_NOMINATE, EBUSY},
        {CALL_LOAD, EFAULT},      {CALL_BATCH, EFAULT},        {CALL_PREP, ENOMEM},
        {CALL_MULTICALL, EFAULT}, {CALL_SET_MEM_TYPE, ENOMEM}, {CALL_CANCEL, ENOMEM},
        {CALL_UNPAUSE, ENOMEM},   {CALL_PAUSE, ENOMEM},        {CALL_QUERY, EFAULT},
    };
    uint32_t i = draw(sizeof(troubles) / sizeof(troubles[0]));

    fake_xen_fail(troubles[i].call, draw(3), troubles[i].error);
}

static void something_happens(struct rig *rig)
{
    switch (draw(24)) {
    case 0:
        the_target_changes(rig);
        break;
    case 1:
        the_store_is_in_trouble();
        break;
    case 2:
        the_hypervisor_is_in_trouble();
        break;
    case 3:
        fake_xen.free_host_pages = draw(3) ? 10000 : 0;
        break;
    case 4:
        fake_xen.tells_of_nominated_drops = draw(2);
        break;
    default:
        happen_in_the_guest();
    }
}

static void let_time_pass(struct rig *rig)
{
    if (draw(8) == 0)
        loop_for(rig->base, 1 + draw(draw(10) ? 30 : 3000));
    else if (draw(3))
        event_base_loop(rig->base, EVLOOP_NONBLOCK);
}

/* --- The end of a story. --- */

void story_goes_well(void)
{
    fake_xen.before_call = NULL;
    fake_xen.free_host_pages = 10000;
    for (int call = 0; call < NR_CALLS; call++)
        fake_xen_fail((enum fake_call)call, 0, 0);
    fake_engine.fail_reads = fake_engine.fail_writes = 0;
    depth = 0;
}

static void all_let_go(void)
{
    fake_engine_release();
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++) {
        if (held[gfn])
            foreign_unmap(gfn);
        held[gfn] = NOT_HELD;
    }
}

void story_begin(struct rig *rig, story_draw_fn *draw_from)
{
    draw = draw_from;
    depth = 0;
    rig->balanced = true;
    balance_set_target(rig->balance, 40);
    fake_engine.is_outside = draw(4);
    fake_xen.before_call = happen_before_call;
}

void story_go_on(struct rig *rig, unsigned int nr_steps)
{
    while (nr_steps--) {
        something_happens(rig);
        let_time_pass(rig);
        fake_xen_assert_no_complaint();
    }
}

void story_end(struct rig *rig)
{
    story_goes_well();
    all_let_go();
    rig_serve_guest(rig);
    loop_for(rig->base, 2000);
    assert_int_equal(fake_xen_count(TYPE_PAGING_IN), 0);
    rig_drain(rig);
    rig_assert_at_peace(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
    assert_int_equal(store_bytes(rig->store), pages_nr_kept(rig->pages) * PAGE_BYTES);
    rig_destroy(rig);
}

void story_tell(story_draw_fn *draw_from, const char *policy, unsigned int nr_steps)
{
    struct rig *rig = rig_create(NR_GFNS, policy);

    story_begin(rig, draw_from);
    story_go_on(rig, nr_steps);
    story_end(rig);
}
