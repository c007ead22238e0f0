/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way out on a patched hypervisor: what only that one has. As in test_evict.c, at the end of
 * each test all must come back with the right bytes, whoever wrote them.
 */
#include "rig.h"

#include <errno.h>

#include "page.h"

#define ALL (RIG_GFNS - 1) /* but the ring's gfn */

static void assert_state(struct rig *rig, uint32_t gfn, enum page_state state)
{
    assert_int_equal(pages_state(rig->pages, gfn), state);
}

/* All is out, or parked and left alone, after a time. */
static void page_out_what_is_not_held(struct rig *rig)
{
    rig_start_page_out(rig, ALL);
    loop_for(rig->base, 1000);
}

static void start_and_hold_writes(struct rig *rig, uint64_t nr)
{
    fake_engine.hold = true;
    rig_start_page_out(rig, nr);
    loop_settle(rig->base);
    for (uint32_t gfn = 0; gfn < nr; gfn++)
        assert_state(rig, gfn, PAGE_NOMINATED);
}

static void finish_writes(struct rig *rig)
{
    fake_engine_release();
    loop_settle(rig->base);
}

static void frames_are_not_mapped_and_nobody_is_paused(void **state)
{
    struct rig *rig = *state;

    rig_page_out_all(rig);
    assert_int_equal(fake_xen_nr_calls(CALL_MAP), 1); /* the ring */
    assert_int_equal(fake_xen_nr_calls(CALL_PAUSE), 0);
    assert_int_equal(fake_xen_nr_unanswered() + fake_xen_nr_responses(), 0);
}

/* --- Pages that somebody holds. --- */

static void a_page_held_long_goes_out_as_soon_as_it_is_let_go(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(foreign_map(3), 0);
    page_out_what_is_not_held(rig);
    assert_state(rig, 3, PAGE_RESIDENT);
    assert_int_equal(evict_nr_parked(rig->evict), 1);
    foreign_write(3);
    foreign_unmap(3);
    loop_for(rig->base, 10);
    assert_state(rig, 3, PAGE_PAGED);
    assert_int_equal(evict_nr_parked(rig->evict), 0);
}

static void each_of_many_goes_out_as_soon_as_it_is_let_go(void **state)
{
    struct rig *rig = *state;

    for (uint32_t gfn = 0; gfn < 100; gfn++)
        assert_int_equal(foreign_map(gfn), 0);
    page_out_what_is_not_held(rig);
    assert_int_equal(evict_nr_parked(rig->evict), 100);
    for (uint32_t gfn = 0; gfn < 100; gfn++) {
        foreign_unmap(gfn);
        loop_for(rig->base, 10);
        assert_state(rig, gfn, PAGE_PAGED);
        assert_int_equal(evict_nr_parked(rig->evict), 99 - gfn);
    }
}

/* One page is wanted, which is found behind many that somebody holds. */
static void pages_that_somebody_holds_are_passed_over_many_at_a_time(void **state)
{
    struct rig *rig = *state;
    unsigned int before = fake_xen_nr_calls(CALL_BATCH);

    for (uint32_t gfn = 0; gfn < 200; gfn++)
        assert_int_equal(foreign_map(gfn), 0);
    rig_page_out(rig, 1);
    assert_state(rig, 200, PAGE_PAGED);
    assert_in_range(fake_xen_nr_calls(CALL_BATCH) - before, 1, 25);
    assert_int_equal(rig->stats.page_outs, 1);
    for (uint32_t gfn = 0; gfn < 200; gfn++)
        foreign_unmap(gfn);
}

static void a_page_held_shortly_is_left_alone_for_a_while(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(foreign_map(3), 0);
    rig_start_page_out(rig, ALL);
    loop_for(rig->base, 20);
    foreign_unmap(3);
    loop_for(rig->base, 500);
    assert_state(rig, 3, PAGE_RESIDENT);
    loop_for(rig->base, 10000);
    assert_state(rig, 3, PAGE_PAGED);
}

static void what_does_not_have_to_go_out_is_not_tried(void **state)
{
    struct rig *rig = *state;
    unsigned int before;

    assert_int_equal(foreign_map(3), 0);
    rig_page_out(rig, 10);
    loop_for(rig->base, 1000);
    before = fake_xen_nr_calls(CALL_NOMINATE);
    foreign_unmap(3);
    loop_for(rig->base, 1000);
    assert_int_equal(fake_xen_nr_calls(CALL_NOMINATE), before);
    assert_state(rig, 3, PAGE_RESIDENT);
    rig_page_out(rig, 1); /* but then it is the first one */
    assert_state(rig, 3, PAGE_PAGED);
}

static void a_page_that_a_reader_holds_in_the_last_moment_stays_until_it_is_let_go(void **state)
{
    struct rig *rig = *state;

    start_and_hold_writes(rig, 3);
    assert_int_equal(foreign_map_to_read(1), 0);
    rig->to_go = ALL;
    finish_writes(rig);
    loop_for(rig->base, 1000);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(fake_xen_type(1), TYPE_RAM_RW);
    assert_int_equal(evict_nr_parked(rig->evict), 1);
    foreign_unmap(1);
    loop_for(rig->base, 10);
    assert_state(rig, 1, PAGE_PAGED);
}

/* A request and the doorbell may come in one notification. */
static void a_ring_that_comes_with_a_request_is_heard(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(foreign_map(3), 0);
    page_out_what_is_not_held(rig);
    assert_false(guest_read(0, 7));
    foreign_unmap(3);
    loop_for(rig->base, 100);
    assert_state(rig, 3, PAGE_PAGED);
}

static void requests_do_not_make_held_pages_be_tried_all_the_time(void **state)
{
    struct rig *rig = *state;
    unsigned int before;

    assert_int_equal(foreign_map(3), 0);
    page_out_what_is_not_held(rig);
    before = fake_xen_nr_calls(CALL_NOMINATE);
    rig->to_go = 1000; /* whatever comes in, there is not enough out */
    for (uint32_t i = 0; i < 100; i++) {
        guest_read(0, 7);
        loop_for(rig->base, 10);
    }
    /* gfn 3 each 100 ms and with the policy's order, gfn 7 seldom */
    assert_in_range(fake_xen_nr_calls(CALL_NOMINATE) - before, 1, 100);
    foreign_unmap(3);
    rig->to_go = 0;
}

static void device_model_unmaps(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call == CALL_INVALIDATE && fake_xen_nr_calls(CALL_INVALIDATE) == 2)
        foreign_unmap(3);
}

static void device_models_are_asked_to_unmap_once_a_minute_if_no_other_page_can_go_out(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(foreign_map(3), 0);
    rig_start_page_out(rig, ALL);
    loop_for(rig->base, 200);
    assert_int_equal(fake_xen_nr_calls(CALL_INVALIDATE), 0);
    loop_for(rig->base, 50000);
    assert_int_equal(fake_xen_nr_calls(CALL_INVALIDATE), 1);
    assert_state(rig, 3, PAGE_RESIDENT);
    fake_xen.before_call = device_model_unmaps;
    loop_for(rig->base, 60000);
    assert_int_equal(fake_xen_nr_calls(CALL_INVALIDATE), 2);
    assert_state(rig, 3, PAGE_PAGED);
}

/* Another vCPU's page has no frame to come to. */
static void device_models_are_asked_as_well_by_who_is_in_a_hurry(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(foreign_map(3), 0);
    rig_start_page_out(rig, ALL);
    for (unsigned int i = 0; i < 250; i++) {
        evict_hurry(rig->evict);
        loop_for(rig->base, 20);
    }
    assert_int_equal(fake_xen_nr_calls(CALL_INVALIDATE), 1);
    foreign_unmap(3);
}

static void device_models_keep_what_does_not_have_to_go_out(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(foreign_map(3), 0);
    rig_start_page_out(rig, ALL - 1);
    loop_for(rig->base, 50000);
    assert_int_equal(pages_nr_paged(rig->pages), ALL - 1);
    assert_int_equal(fake_xen_nr_calls(CALL_INVALIDATE), 0);
    foreign_unmap(3);
}

static void a_store_that_is_full_is_not_asked_at_each_ring(void **state)
{
    struct rig *rig = *state;

    for (uint32_t gfn = 0; gfn < 100; gfn++)
        assert_int_equal(foreign_map(gfn), 0);
    page_out_what_is_not_held(rig);
    fake_engine.fail_writes = 100000;
    fake_engine.error = -ENOSPC;
    fake_engine.nr_writes = 0;
    for (uint32_t gfn = 0; gfn < 100; gfn++) {
        foreign_unmap(gfn);
        loop_for(rig->base, 20);
    }
    assert_true(fake_engine.nr_writes < 1000);
    fake_engine.fail_writes = 0;
    loop_for(rig->base, 30000);
    assert_int_equal(pages_nr_paged(rig->pages), ALL);
}

static void a_page_of_a_special_use_is_left_alone_for_a_minute(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 1); /* now the RAM is known */
    fake_xen_fail(CALL_NOMINATE, 1, EBUSY);
    rig_start_page_out(rig, ALL);
    loop_for(rig->base, 50000);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(evict_nr_parked(rig->evict), 0);
    loop_for(rig->base, 30000);
    assert_state(rig, 1, PAGE_PAGED);
}

/* --- Pages that are taken back in place. --- */

static void what_is_written_while_it_is_on_its_way_out_stays(void **state)
{
    struct rig *rig = *state;

    start_and_hold_writes(rig, 4);
    assert_int_equal(foreign_map(1), 0); /* the write that a stock hypervisor loses */
    foreign_write(1);
    foreign_unmap(1);
    assert_true(guest_write(0, 2));
    finish_writes(rig);
    assert_state(rig, 0, PAGE_PAGED);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_state(rig, 2, PAGE_RESIDENT);
    assert_state(rig, 3, PAGE_PAGED);
    assert_int_equal(rig->stats.lost, 2);
    assert_int_equal(store_bytes(rig->store), pages_nr_paged(rig->pages) * PAGE_BYTES);
    assert_int_equal(fake_xen_nr_responses(), 0);
}

static void what_was_taken_back_is_left_alone_for_a_while(void **state)
{
    struct rig *rig = *state;

    start_and_hold_writes(rig, 4);
    assert_true(guest_write(0, 2));
    rig->to_go = ALL;
    finish_writes(rig);
    loop_for(rig->base, 900);
    assert_state(rig, 2, PAGE_RESIDENT);
    assert_int_equal(pages_nr_paged(rig->pages), ALL - 1);
    loop_for(rig->base, 10000);
    assert_state(rig, 2, PAGE_PAGED);
}

static unsigned int nr_taken;

static void count_nominations_of_the_mapper(enum fake_call call, uint32_t gfn)
{
    nr_taken += call == CALL_NOMINATE && gfn < 4;
}

/* A store takes its time, so that the pages are taken back before they are out. */
static void a_program_that_maps_the_same_pages_over_and_over_gets_on(void **state)
{
    struct rig *rig = *state;

    nr_taken = 0;
    fake_xen.before_call = count_nominations_of_the_mapper;
    rig_start_page_out(rig, ALL);
    for (unsigned int ms = 0; ms < 20000; ms++) {
        uint32_t gfn = ms % 4;
        bool mapped = !foreign_map(gfn);

        fake_engine.hold = true;
        if (mapped)
            foreign_write(gfn);
        loop_for(rig->base, 1);
        if (mapped)
            foreign_unmap(gfn);
        if (gfn == 3) {
            fake_engine_release();
            loop_settle(rig->base);
        }
    }
    assert_in_range(nr_taken, 4, 4 * 20000 / 1000); /* of each, hardly one in a second */
    rig->to_go = 0;
    fake_engine_release();
}

/* --- Calls that break off, and large guests. --- */

static unsigned int calls_to_go;

static void break_off(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call == CALL_BATCH && calls_to_go && !--calls_to_go)
        fake_xen_fail(CALL_BATCH, 1, EFAULT);
}

static struct rig *create_patched(uint32_t nr_gfns)
{
    struct rig *rig;

    fake_xen_patch(true);
    rig = rig_create(nr_gfns, "clock");
    fake_xen_patch(false);
    return rig;
}

static void drain_and_destroy(struct rig *rig)
{
    rig_drain(rig);
    rig_assert_at_peace(rig);
    assert_int_equal(store_bytes(rig->store), 0);
    rig_destroy(rig);
}

/* Some of the pages fail to be written, so that all is called: nominate, evict, cancel. */
static void break_off_the_nth_call(unsigned int n)
{
    struct rig *rig = create_patched(RIG_GFNS);

    calls_to_go = n;
    fake_xen.before_call = break_off;
    fake_engine.fail_writes = 5;
    rig_start_page_out(rig, 100);
    loop_for(rig->base, 5000);
    fake_xen.before_call = NULL;
    assert_int_equal(calls_to_go, 0);
    assert_int_equal(pages_nr_paged(rig->pages), 100);
    rig_assert_at_peace(rig);
    assert_int_equal(store_bytes(rig->store), pages_nr_paged(rig->pages) * PAGE_BYTES);
    drain_and_destroy(rig);
}

static void a_call_that_breaks_off_leaves_all_right(void **state)
{
    (void)state;
    for (unsigned int n = 1; n <= 8; n++)
        break_off_the_nth_call(n);
}

/* Neither does Xen answer the question what became of the pages. */
static void an_eviction_that_breaks_off_loses_no_page(void **state)
{
    static const int errors[] = {EFAULT, ENODEV, ESRCH};

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct rig *rig = create_patched(RIG_GFNS);

        start_and_hold_writes(rig, 20);
        fake_xen_fail(CALL_BATCH, 2, errors[i]);
        finish_writes(rig);
        assert_true(rig->suspect_gone > 0);
        assert_true(fake_xen_count(TYPE_PAGED) > 0);
        drain_and_destroy(rig);
    }
}

static void a_holder_of_10000_pages_delays_nobody(void **state)
{
    const uint32_t nr_gfns = 12000, nr_held = 10000;
    struct rig *rig = create_patched(nr_gfns);
    int64_t start = fake_time_ms();

    (void)state;
    for (uint32_t gfn = 0; gfn < nr_held; gfn++)
        assert_int_equal(foreign_map(gfn), 0);
    rig_page_out(rig, nr_gfns - 1 - nr_held);
    assert_true(fake_time_ms() - start < 100);
    assert_int_equal(evict_nr_parked(rig->evict), 1024);
    rig_start_page_out(rig, nr_held); /* in vain, for now */
    loop_for(rig->base, 100);
    start = fake_time_ms();
    assert_false(guest_read(0, nr_gfns - 10));
    rig_serve_guest(rig);
    assert_int_equal(fake_time_ms(), start);
    for (uint32_t gfn = 0; gfn < nr_held; gfn++)
        foreign_unmap(gfn);
    loop_for(rig->base, 20000);
    assert_in_range(pages_nr_paged(rig->pages), nr_gfns - 2, nr_gfns - 1);
    assert_int_equal(evict_nr_parked(rig->evict), 0);
    drain_and_destroy(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_PATCHED(frames_are_not_mapped_and_nobody_is_paused),
        ON_PATCHED(a_page_held_long_goes_out_as_soon_as_it_is_let_go),
        ON_PATCHED(each_of_many_goes_out_as_soon_as_it_is_let_go),
        ON_PATCHED(pages_that_somebody_holds_are_passed_over_many_at_a_time),
        ON_PATCHED(a_page_held_shortly_is_left_alone_for_a_while),
        ON_PATCHED(what_does_not_have_to_go_out_is_not_tried),
        ON_PATCHED(a_page_that_a_reader_holds_in_the_last_moment_stays_until_it_is_let_go),
        ON_PATCHED(a_ring_that_comes_with_a_request_is_heard),
        ON_PATCHED(requests_do_not_make_held_pages_be_tried_all_the_time),
        ON_PATCHED(device_models_are_asked_to_unmap_once_a_minute_if_no_other_page_can_go_out),
        ON_PATCHED(device_models_are_asked_as_well_by_who_is_in_a_hurry),
        ON_PATCHED(device_models_keep_what_does_not_have_to_go_out),
        ON_PATCHED(a_store_that_is_full_is_not_asked_at_each_ring),
        ON_PATCHED(a_page_of_a_special_use_is_left_alone_for_a_minute),
        cmocka_unit_test(a_holder_of_10000_pages_delays_nobody),
        ON_PATCHED(what_is_written_while_it_is_on_its_way_out_stays),
        ON_PATCHED(what_was_taken_back_is_left_alone_for_a_while),
        ON_PATCHED(a_program_that_maps_the_same_pages_over_and_over_gets_on),
        cmocka_unit_test(a_call_that_breaks_off_leaves_all_right),
        cmocka_unit_test(an_eviction_that_breaks_off_loses_no_page),
    };

    return cmocka_run_group_tests_name("evict_patched", tests, NULL, NULL);
}
