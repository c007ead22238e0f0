/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way out. Each test starts with a rig, and at its end all must come back and be at peace:
 * nothing nominated, one response for each request, the right bytes everywhere.
 */
#include "rig.h"

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "failing.h"
#include "one_page.h"

static void assert_state(struct rig *rig, uint32_t gfn, enum page_state state)
{
    assert_int_equal(pages_state(rig->pages, gfn), state);
}

/* --- The plain way. --- */

static void a_batch_goes_out(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, EVICT_BATCH);
    assert_int_equal(fake_xen_count(TYPE_PAGED), EVICT_BATCH);
    assert_int_equal(pages_nr_paged(rig->pages), EVICT_BATCH);
    assert_int_equal(store_bytes(rig->store), EVICT_BATCH * 4096);
    assert_int_equal(rig->stats.page_outs, EVICT_BATCH);
    assert_int_equal(rig->evicted, EVICT_BATCH);
    assert_int_equal(fake_xen_resident(), RIG_GFNS - EVICT_BATCH);
    rig_assert_at_peace(rig);
}

static void no_more_go_out_than_are_wanted(void **state)
{
    struct rig *rig = *state;

    for (uint64_t nr = 1; nr < 20; nr += 6) {
        uint32_t before = pages_nr_paged(rig->pages);

        rig_page_out(rig, nr);
        assert_int_equal(pages_nr_paged(rig->pages), before + nr);
    }
}

/* It would be a guest that hangs: nothing else is done before it goes on. */
static void a_guest_that_could_not_be_unpaused_is_unpaused_a_little_later(void **state)
{
    struct rig *rig = *state;

    fake_xen_fail(CALL_UNPAUSE, 5, ENOMEM);
    fake_engine.hold = true;
    rig_start_page_out(rig, 3);
    loop_settle(rig->base);
    assert_true(fake_xen_is_paused());
    assert_int_equal(fake_engine_nr_waiting(), 0);
    loop_for(rig->base, 50);
    assert_false(fake_xen_is_paused());
    assert_true(rig->suspect_gone > 0);
    assert_int_equal(fake_engine_nr_waiting(), 3);
    fake_engine_release();
    rig_page_out(rig, 0);
}

static void it_is_unpaused_too_if_there_was_nothing_to_nominate(void **state)
{
    struct rig *rig = *state;

    fake_xen_fail(CALL_NOMINATE, 1000, EBUSY);
    fake_xen_fail(CALL_UNPAUSE, 5, ENOMEM);
    rig_start_page_out(rig, 3);
    loop_for(rig->base, 50);
    assert_false(fake_xen_is_paused());
    rig->to_go = 0;
}

static void nothing_goes_out_if_nothing_is_wanted(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 0);
    assert_int_equal(fake_xen_nr_calls(CALL_NOMINATE), 0);
}

static void many_batches_follow_each_other_without_a_rest(void **state)
{
    struct rig *rig = *state;
    int64_t start = fake_time_ms();

    rig_page_out(rig, RIG_GFNS - 1);
    assert_int_equal(pages_nr_paged(rig->pages), RIG_GFNS - 1);
    assert_int_equal(fake_time_ms(), start);
}

static void starting_twice_is_starting_once(void **state)
{
    struct rig *rig = *state;

    rig->to_go = 10;
    evict_start(rig->evict);
    evict_start(rig->evict);
    assert_false(evict_is_busy(rig->evict)); /* nothing happens within the call */
    rig_page_out(rig, 10);
    assert_int_equal(pages_nr_paged(rig->pages), 10);
}

static void frames_are_mapped_once_for_many_and_not_for_long(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, EVICT_BATCH);
    assert_true(fake_xen_nr_calls(CALL_MAP) <= 1 + EVICT_BATCH / 16);
}

/* A page is written before it is evicted: at each evict, all writes so far are done. */
static void check_written(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call == CALL_EVICT)
        assert_int_equal(fake_engine_nr_waiting(), 0);
}

static void nothing_is_evicted_before_it_is_written(void **state)
{
    struct rig *rig = *state;

    fake_xen.before_call = check_written;
    fake_engine.hold = true;
    rig_start_page_out(rig, 30);
    loop_for(rig->base, 10000);
    assert_int_equal(fake_xen_nr_calls(CALL_EVICT), 0);
    fake_engine_release();
    rig_finish_batch(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 30);
}

static void nothing_is_evicted_before_all_of_its_batch_is_written(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 1);
    fake_engine.hold = true;
    rig_start_page_out(rig, 30);
    loop_settle(rig->base);
    for (int i = 0; i < 29; i++) {
        fake_engine_release_one();
        loop_settle(rig->base);
        assert_int_equal(fake_xen_nr_calls(CALL_EVICT), 1);
    }
    fake_engine_release();
    rig_finish_batch(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 1 + 30);
}

/* --- Several batches at a time. --- */

#define ALL_BUFFERS (EVICT_BATCHES * EVICT_BATCH)
#define MANY_GFNS (ALL_BUFFERS + 100u)

/* All that can be under way is, and waits for the store. */
static struct rig *create_with_all_under_way(void)
{
    struct rig *rig = rig_create(MANY_GFNS, "clock");

    fake_engine.hold = true;
    rig_start_page_out(rig, MANY_GFNS - 1);
    loop_settle(rig->base);
    return rig;
}

static void finish_and_destroy(struct rig *rig)
{
    fake_engine_release();
    rig_drain(rig);
    rig_assert_at_peace(rig);
    rig_destroy(rig);
}

static void while_writes_are_under_way_the_next_batches_are_begun(void **state)
{
    struct rig *rig = create_with_all_under_way();

    (void)state;
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), ALL_BUFFERS);
    assert_int_equal(fake_engine_nr_waiting(), ALL_BUFFERS);
    fake_engine_release();
    loop_settle(rig->base);
    assert_int_equal(pages_nr_paged(rig->pages), MANY_GFNS - 1);
    finish_and_destroy(rig);
}

static void each_batch_goes_out_when_its_own_writes_are_done(void **state)
{
    struct rig *rig = create_with_all_under_way();

    (void)state;
    for (int i = 0; i < EVICT_BATCH; i++)
        fake_engine_release_one();
    loop_settle(rig->base);
    assert_int_equal(pages_nr_paged(rig->pages), EVICT_BATCH);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), ALL_BUFFERS); /* the next one came after it */
    finish_and_destroy(rig);
}

static unsigned int most_nominated;

static void count_nominated(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call == CALL_EVICT && fake_xen_count(TYPE_PAGING_OUT) > most_nominated)
        most_nominated = fake_xen_count(TYPE_PAGING_OUT);
}

static void with_a_store_that_is_fast_no_more_are_begun_than_it_takes(void **state)
{
    struct rig *rig = rig_create(MANY_GFNS, "clock");

    (void)state;
    most_nominated = 0;
    fake_xen.before_call = count_nominated;
    rig_page_out(rig, MANY_GFNS - 1);
    assert_in_range(most_nominated, EVICT_BATCH / 2, 2 * EVICT_BATCH);
    finish_and_destroy(rig);
}

static void batches_under_way_are_no_more_than_are_wanted(void **state)
{
    struct rig *rig = *state;

    fake_engine.hold = true;
    rig_start_page_out(rig, 2 * EVICT_BATCH);
    loop_settle(rig->base);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), 2 * EVICT_BATCH);
    fake_engine_release();
    rig_finish_batch(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 2 * EVICT_BATCH);
}

static void before_a_rest_all_batches_are_over(void **state)
{
    struct rig *rig = create_with_all_under_way();

    (void)state;
    fake_engine.fail_writes = 1;
    for (int i = 0; i < EVICT_BATCH; i++)
        fake_engine_release_one();
    loop_settle(rig->base);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT),
                     ALL_BUFFERS - EVICT_BATCH); /* none came after it */
    fake_engine_release();
    loop_settle(rig->base);
    assert_false(evict_is_busy(rig->evict));
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), 0);
    assert_int_equal(pages_nr_paged(rig->pages), ALL_BUFFERS - 1);
    loop_for(rig->base, 1000);
    assert_int_equal(pages_nr_paged(rig->pages), MANY_GFNS - 1);
    finish_and_destroy(rig);
}

/* --- Page-ins first. --- */

/* Somebody waits for gfn 3, and the store does not answer. */
static void let_a_page_in_wait(struct rig *rig)
{
    rig_page_out(rig, 10);
    fake_engine.hold = true;
    assert_false(guest_read(0, 3));
    loop_settle(rig->base);
    assert_int_equal(fake_engine_nr_waiting(), 1);
}

static void while_a_page_in_waits_no_second_batch_is_begun(void **state)
{
    struct rig *rig = *state;

    let_a_page_in_wait(rig);
    rig_start_page_out(rig, 128);
    loop_for(rig->base, 1000);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), EVICT_SMALL_BATCH);
    fake_engine_release();
    rig_page_out(rig, 128);
}

static void what_is_put_off_goes_on_as_soon_as_the_page_is_in(void **state)
{
    struct rig *rig = *state;
    int64_t start = fake_time_ms();
    unsigned int before;

    let_a_page_in_wait(rig);
    before = fake_xen_nr_calls(CALL_NOMINATE);
    rig_start_page_out(rig, 2);
    loop_settle(rig->base);
    assert_int_equal(fake_xen_nr_calls(CALL_NOMINATE), before);
    fake_engine_release();
    loop_settle(rig->base);
    assert_int_equal(guest_nr_waiting(), 0);
    assert_int_equal(pages_nr_paged(rig->pages), 10 - 1 + 2);
    assert_int_equal(fake_time_ms(), start);
}

static unsigned int calls_to_page_out(struct rig *rig, unsigned int nr)
{
    unsigned int before = fake_xen_nr_calls(CALL_BATCH) + fake_xen_nr_calls(CALL_MULTICALL);

    rig_page_out(rig, nr);
    return fake_xen_nr_calls(CALL_BATCH) + fake_xen_nr_calls(CALL_MULTICALL) - before;
}

static void for_a_while_after_a_page_in_batches_are_small(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(calls_to_page_out(rig, 32), 2); /* to nominate, and to evict */
    assert_false(guest_read(0, 3));
    loop_settle(rig->base);
    assert_int_equal(guest_nr_waiting(), 0);
    assert_int_equal(calls_to_page_out(rig, 32), 2 * 32 / EVICT_SMALL_BATCH);
    loop_for(rig->base, 20);
    assert_int_equal(calls_to_page_out(rig, 32), 2);
}

static void a_page_in_of_long_ago_makes_no_batch_small(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 10);
    assert_false(guest_read(0, 3));
    loop_for(rig->base, 20);
    assert_int_equal(guest_nr_waiting(), 0);
    assert_int_equal(calls_to_page_out(rig, 32), 2);
}

static void batches_are_large_all_the_same_if_many_pages_are_to_go_out(void **state)
{
    struct rig *rig = *state;

    let_a_page_in_wait(rig);
    rig_start_page_out(rig, 129);
    loop_for(rig->base, 1000);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), EVICT_BATCH);
    fake_engine_release();
    rig_finish_batch(rig);
}

/* --- Pages that cannot go out. --- */

static void a_page_in_use_is_passed_over_and_left_alone_for_a_minute(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(foreign_map(3), 0);
    rig_page_out(rig, 10);
    assert_state(rig, 3, PAGE_RESIDENT);
    assert_int_equal(pages_nr_paged(rig->pages), 10);
    foreign_unmap(3);
    rig_page_out(rig, RIG_GFNS - 1 - 10 - 1);
    assert_state(rig, 3, PAGE_RESIDENT);
    rig_start_page_out(rig, 1);
    loop_for(rig->base, 90000);
    assert_state(rig, 3, PAGE_PAGED);
}

static uint32_t used_gfn = UINT32_MAX;

static void map_before_evict(enum fake_call call, uint32_t gfn)
{
    if (call != CALL_EVICT || gfn != 3 || used_gfn == gfn)
        return;
    used_gfn = gfn;
    assert_int_equal(foreign_map(gfn), 0);
}

static void a_page_that_is_used_in_the_last_moment_stays(void **state)
{
    struct rig *rig = *state;

    used_gfn = UINT32_MAX;
    fake_xen.before_call = map_before_evict;
    rig_start_page_out(rig, 10);
    loop_settle(rig->base);
    assert_int_equal(used_gfn, 3);
    assert_state(rig, 3, PAGE_RESIDENT);
    assert_int_equal(fake_xen_type(3), TYPE_RAM_RW);
    assert_true(guest_read(0, 3));
    foreign_unmap(3);
    rig_page_out(rig, 0);
}

static void touch_before_evict(enum fake_call call, uint32_t gfn)
{
    if (call == CALL_EVICT && gfn % 5 == 3 && fake_xen_nr_unanswered() < 4)
        foreign_copy(gfn);
}

static void pages_that_are_wanted_in_the_last_moment_stay(void **state)
{
    struct rig *rig = *state;

    fake_xen.before_call = touch_before_evict;
    rig_start_page_out(rig, 40);
    loop_for(rig->base, 100);
    fake_xen.before_call = NULL;
    rig->to_go = 0;
    rig_finish_batch(rig);
    loop_for(rig->base, 100);
    rig_assert_at_peace(rig);
}

static bool has_happened;

static void drop_once(enum fake_call call, uint32_t gfn)
{
    if (call != CALL_MAP || has_happened)
        return;
    has_happened = true;
    (void)gfn;
    guest_give_up(2);
}

static void a_page_given_up_before_it_is_copied_is_given_back(void **state)
{
    struct rig *rig = *state;

    has_happened = false;
    fake_xen.before_call = drop_once;
    rig_page_out(rig, 10);
    assert_true(has_happened);
    assert_state(rig, 2, PAGE_RESIDENT);
    assert_int_equal(fake_xen_type(2), TYPE_INVALID);
}

/* --- Whatever fails, nothing is left nominated. --- */

static void a_write_error_gives_the_pages_back(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 1); /* now the RAM is known */
    fake_engine.fail_writes = 7;
    rig_start_page_out(rig, 20);
    loop_settle(rig->base);
    assert_false(evict_is_busy(rig->evict));
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), 0);
    assert_int_equal(pages_nr_paged(rig->pages), 1 + 13);
    assert_int_equal(store_bytes(rig->store), (1 + 13) * 4096);
    rig_assert_at_peace(rig);
    for (uint32_t gfn = 0; gfn < RIG_GFNS - 1; gfn++) /* they are still the guest's to write to */
        if (pages_state(rig->pages, gfn) == PAGE_RESIDENT)
            assert_true(guest_write(0, gfn));
    loop_for(rig->base, 1000);
    assert_int_equal(pages_nr_paged(rig->pages), 1 + 20);
}

static void a_store_that_is_full_is_not_asked_without_a_rest(void **state)
{
    struct rig *rig = *state;

    fake_engine.fail_writes = 100000;
    fake_engine.error = -ENOSPC;
    rig_start_page_out(rig, 20);
    loop_for(rig->base, 60000);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
    assert_in_range(fake_engine.nr_writes, 5 * 20, 20 * 20); /* some 12 batches in a minute */
    fake_engine.fail_writes = 0;
    loop_for(rig->base, 15000);
    assert_int_equal(pages_nr_paged(rig->pages), 20);
}

/* Which takes no slot: nothing is known of the store. */
static void a_page_of_zeros_does_not_tell_that_the_store_takes_pages_again(void **state)
{
    struct rig *rig = *state;
    const char *said;

    be_quiet(false);
    capture_begin();
    fake_engine.fail_writes = 100000;
    rig_start_page_out(rig, 1);
    loop_for(rig->base, 100);
    for (uint32_t gfn = 0; gfn < RIG_GFNS - 1; gfn++)
        guest_clear(gfn);
    loop_for(rig->base, 10000);
    assert_int_equal(pages_nr_paged(rig->pages), 1);
    said = capture_end();
    be_quiet(true);
    assert_non_null(strstr(said, "stays in memory"));
    assert_null(strstr(said, "takes pages again"));
}

static void every_write_can_fail_alone(void **state)
{
    struct rig *rig = *state;

    fake_engine.fail_writes = 1;
    rig_start_page_out(rig, 1);
    loop_settle(rig->base);
    rig_assert_at_peace(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
    loop_for(rig->base, 200);
    assert_int_equal(pages_nr_paged(rig->pages), 1);
}

static void a_copy_that_fails_gives_the_pages_back(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 1); /* now the RAM is known */
    fake_xen_fail(CALL_MAP, 1, ENOMEM);
    rig_start_page_out(rig, 40);
    loop_for(rig->base, 40);
    assert_int_equal(pages_nr_paged(rig->pages), 1 + 40);
    rig_assert_at_peace(rig);
}

static void a_batch_of_which_nothing_can_be_copied_is_given_back(void **state)
{
    struct rig *rig = *state;

    fake_xen_fail(CALL_MAP, 4, ENOMEM);
    rig_start_page_out(rig, EVICT_BATCH);
    loop_for(rig->base, 40); /* less than the rest that follows */
    rig_assert_at_peace(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
    loop_for(rig->base, 1000);
    assert_int_equal(pages_nr_paged(rig->pages), EVICT_BATCH);
}

static void evict_calls_that_fail_give_the_pages_back(void **state)
{
    struct rig *rig = *state;

    fake_xen_fail(CALL_EVICT, 10, EBUSY);
    rig_start_page_out(rig, 30);
    loop_for(rig->base, 40);
    rig_assert_at_peace(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 30);
    assert_int_equal(store_bytes(rig->store), 30 * 4096);
}

/* Taking a nomination back puts a request in: with a full ring it has to wait. */
static void with_a_full_ring_taking_back_waits_and_is_done_later(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 20);
    fake_engine.hold = true;
    for (unsigned int vcpu = 0; vcpu < 8; vcpu++)
        assert_false(guest_read(vcpu, vcpu)); /* they wait for the store */
    loop_settle(rig->base);
    fake_xen_fail(CALL_MAP, 1, ENOMEM);
    rig_start_page_out(rig, 5);
    loop_for(rig->base, 100);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), 5);
    assert_true(evict_is_busy(rig->evict));
    rig->to_go = 0;
    fake_engine_release();
    rig_serve_guest(rig);
    loop_for(rig->base, 100);
    assert_false(evict_is_busy(rig->evict));
    rig_assert_at_peace(rig);
    assert_int_equal(guest_nr_waiting(), 0);
}

static bool is_busy(void *evict)
{
    return evict_is_busy(evict);
}

/* One failed page after the other fills the ring with its own requests. */
static void a_whole_batch_is_taken_back_through_a_ring_of_8(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 1); /* now the RAM is known */
    fake_xen_fail(CALL_EVICT, EVICT_BATCH, EBUSY);
    rig_start_page_out(rig, EVICT_BATCH);
    loop_until(rig->base, is_busy, rig->evict);
    rig->to_go = 0;
    rig_finish_batch(rig);
    rig_assert_at_peace(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 1);
    assert_int_equal(fake_xen_nr_responses(), EVICT_BATCH);
}

static void a_taking_back_that_fails_is_tried_again(void **state)
{
    struct rig *rig = *state;

    fake_engine.fail_writes = 1;
    fake_xen_fail(fake_xen_is_patched() ? CALL_CANCEL : CALL_PREP, 3, ENOMEM);
    rig_start_page_out(rig, 5);
    loop_until(rig->base, is_busy, rig->evict);
    rig->to_go = 0;
    rig_finish_batch(rig);
    rig_assert_at_peace(rig);
    assert_int_equal(rig->suspect_gone, 3);
}

static void a_nomination_that_fails_otherwise_is_told_of(void **state)
{
    struct rig *rig = *state;

    fake_xen_fail(CALL_NOMINATE, 1, EPERM);
    rig_start_page_out(rig, 10);
    loop_settle(rig->base);
    assert_int_equal(rig->suspect_gone, 1);
    loop_for(rig->base, 1000);
    assert_int_equal(pages_nr_paged(rig->pages), 10);
}

static void with_the_domain_gone_eviction_comes_to_rest(void **state)
{
    struct rig *rig = *state;

    fake_engine.hold = true;
    rig_start_page_out(rig, 20);
    loop_settle(rig->base);
    fake_xen.gone = true;
    fake_engine_release();
    loop_settle(rig->base);
    assert_false(evict_is_busy(rig->evict));
    assert_true(rig->suspect_gone > 0);
    rig->to_go = 0;
    fake_xen.gone = false;
    for (uint32_t gfn = 0; gfn < 20; gfn++)
        cancel_one(rig->ops, gfn), loop_settle(rig->base);
}

/* --- Slots, requests, order. --- */

/*
 * A drop that is in the ring when its gfn is evicted again must not free the slot of the new page:
 * the gfn was paged out, given up, taken again and nominated before the drop is seen.
 */
static void give_up_and_take_before_nomination(enum fake_call call, uint32_t gfn)
{
    if (call != CALL_NOMINATE || gfn != 5 || has_happened)
        return;
    has_happened = true;
    fake_xen_let_lie(gfn, 1 /* MEM_PAGING_DROP_PAGE */);
}

static void a_drop_from_before_the_nomination_does_not_free_the_new_slot(void **state)
{
    struct rig *rig = *state;

    has_happened = false;
    fake_xen.notifies_late = true;
    fake_xen.before_call = give_up_and_take_before_nomination;
    rig_page_out(rig, 20);
    assert_true(has_happened);
    fake_xen.notifies_late = false;
    fake_xen_kick();
    loop_settle(rig->base);
    assert_state(rig, 5, PAGE_PAGED);
    assert_int_equal(store_bytes(rig->store), 20 * 4096);
    assert_false(guest_read(0, 5));
    rig_serve_guest(rig);
}

static void slots_of_pages_that_stayed_are_used_again(void **state)
{
    struct rig *rig = *state;

    for (int i = 0; i < 20; i++) {
        fake_xen_fail(CALL_EVICT, 5, EBUSY);
        rig_start_page_out(rig, 5);
        loop_for(rig->base, 3000);
        rig->to_go = 0;
        loop_for(rig->base, 3000);
        assert_int_equal(store_bytes(rig->store), pages_nr_paged(rig->pages) * 4096);
    }
}

static void pages_of_zeros_go_out_without_io(void **state)
{
    struct rig *rig = *state;

    for (uint32_t gfn = 0; gfn < 20; gfn++)
        guest_clear(gfn);
    rig_page_out(rig, 20);
    assert_int_equal(pages_nr_paged(rig->pages), 20);
    assert_int_equal(fake_engine.nr_writes, 0);
}

static void a_page_the_guest_took_back_gets_a_second_chance(void **state)
{
    struct rig *rig = *state;

    fake_engine.hold = true;
    rig_start_page_out(rig, 3);
    loop_settle(rig->base);
    assert_int_equal(guest_read(0, 1), fake_xen_is_patched()); /* of a nominated page */
    loop_settle(rig->base);
    rig->to_go = 0;
    fake_engine_release();
    rig_finish_batch(rig);
    rig_page_out(rig, RIG_GFNS - 1 - 3); /* the hand goes on to the last gfn */
    pager_fetch(rig->pager, 0);
    pager_fetch(rig->pager, 2);
    loop_settle(rig->base);
    assert_true(rig_passes_over_gfn_1(rig));
}

/* --- Pace. --- */

static void nothing_to_page_out_is_not_looked_for_all_the_time(void **state)
{
    struct rig *rig = *state;
    unsigned int before;

    for (uint32_t gfn = 0; gfn < RIG_GFNS - 1; gfn++)
        assert_int_equal(foreign_map(gfn), 0);
    rig_start_page_out(rig, 10);
    loop_for(rig->base, 60000);
    before = fake_xen_nr_calls(CALL_NOMINATE);
    loop_for(rig->base, 50000);
    assert_true(fake_xen_nr_calls(CALL_NOMINATE) - before <= RIG_GFNS);
    for (uint32_t gfn = 0; gfn < RIG_GFNS - 1; gfn++)
        foreign_unmap(gfn);
    loop_for(rig->base, 120000);
    assert_int_equal(pages_nr_paged(rig->pages), 10);
}

static void the_work_goes_on_after_a_rest_at_full_pace(void **state)
{
    struct rig *rig = *state;
    int64_t start;

    fake_engine.fail_writes = 10;
    rig_start_page_out(rig, 10);
    loop_for(rig->base, 100);
    assert_int_equal(pages_nr_paged(rig->pages), 10);
    start = fake_time_ms();
    rig_page_out(rig, 100);
    assert_int_equal(fake_time_ms(), start);
}

/*
 * A guest that is mostly out: 9,000 gfns are to be passed over before the next resident ones. That
 * takes some turns of the loop, and no rests, which grow to 10 seconds each in a large guest.
 */
static void a_guest_that_is_mostly_out_is_still_paged_out_swiftly(void **state)
{
    const uint32_t nr_gfns = 9000;
    struct rig *rig = rig_create(nr_gfns, "clock");
    int64_t start;

    (void)state;
    rig_page_out(rig, nr_gfns - 1 - 600);
    for (uint32_t gfn = 0; gfn < 10; gfn++) { /* the hand has passed them already */
        assert_false(guest_read(0, gfn));
        rig_serve_guest(rig);
    }
    start = fake_time_ms();
    rig_page_out(rig, 605);
    if (fake_time_ms() - start >= 50)
        fail_msg("it took %d ms of rests", (int)(fake_time_ms() - start));
    rig_drain(rig);
    rig_assert_at_peace(rig);
    rig_destroy(rig);
}

static void the_other_orders_page_out_all_there_is_too(void **state)
{
    static const char *const policies[] = {"random", "sweep"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rig *rig = rig_create(RIG_GFNS, policies[i]);

        rig_page_out(rig, RIG_GFNS - 1);
        assert_int_equal(pages_nr_paged(rig->pages), RIG_GFNS - 1);
        rig_drain(rig);
        rig_assert_at_peace(rig);
        rig_destroy(rig);
    }
}

static void ram_that_comes_later_goes_out_too(void **state)
{
    const uint32_t nr_gfns = 2048;
    struct rig *rig = rig_create(nr_gfns, "clock");

    (void)state;
    for (uint32_t gfn = 1024; gfn < 1536; gfn++)
        guest_give_up(gfn);
    rig_page_out(rig, 100);
    for (uint32_t gfn = 1024; gfn < 1536; gfn++)
        guest_take(gfn);
    rig_page_out(rig, nr_gfns - 1 - 100);
    assert_int_equal(pages_nr_paged(rig->pages), nr_gfns - 1);
    rig_drain(rig);
    rig_assert_at_peace(rig);
    rig_destroy(rig);
}

/* --- Memory of our own. --- */

static int create_and_destroy(void *arg)
{
    struct rig *rig = arg;
    const struct evict_env env = {.base = rig->base, .ops = rig->ops, .pages = rig->pages};
    struct evict *evict = evict_create(&env);

    if (!evict)
        return -errno;
    evict_destroy(evict);
    return 0;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    check_every_failure(create_and_destroy, *state);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    evict_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_batch_goes_out),
        ON_BOTH(no_more_go_out_than_are_wanted),
        ON_BOTH(nothing_goes_out_if_nothing_is_wanted),
        ON_BOTH(many_batches_follow_each_other_without_a_rest),
        ON_BOTH(starting_twice_is_starting_once),
        ON_STOCK(frames_are_mapped_once_for_many_and_not_for_long),
        ON_BOTH(nothing_is_evicted_before_it_is_written),
        ON_BOTH(nothing_is_evicted_before_all_of_its_batch_is_written),
        cmocka_unit_test(while_writes_are_under_way_the_next_batches_are_begun),
        cmocka_unit_test(each_batch_goes_out_when_its_own_writes_are_done),
        cmocka_unit_test(with_a_store_that_is_fast_no_more_are_begun_than_it_takes),
        ON_BOTH(batches_under_way_are_no_more_than_are_wanted),
        cmocka_unit_test(before_a_rest_all_batches_are_over),
        ON_BOTH(while_a_page_in_waits_no_second_batch_is_begun),
        ON_BOTH(batches_are_large_all_the_same_if_many_pages_are_to_go_out),
        ON_BOTH(for_a_while_after_a_page_in_batches_are_small),
        ON_BOTH(a_page_in_of_long_ago_makes_no_batch_small),
        ON_BOTH(what_is_put_off_goes_on_as_soon_as_the_page_is_in),
        ON_STOCK(a_page_in_use_is_passed_over_and_left_alone_for_a_minute),
        ON_BOTH(a_page_that_is_used_in_the_last_moment_stays),
        ON_BOTH(pages_that_are_wanted_in_the_last_moment_stay),
        ON_STOCK(a_page_given_up_before_it_is_copied_is_given_back),
        ON_BOTH(a_write_error_gives_the_pages_back),
        ON_BOTH(a_store_that_is_full_is_not_asked_without_a_rest),
        ON_BOTH(a_page_of_zeros_does_not_tell_that_the_store_takes_pages_again),
        ON_BOTH(every_write_can_fail_alone),
        ON_STOCK(a_copy_that_fails_gives_the_pages_back),
        ON_STOCK(a_batch_of_which_nothing_can_be_copied_is_given_back),
        ON_BOTH(evict_calls_that_fail_give_the_pages_back),
        ON_STOCK(with_a_full_ring_taking_back_waits_and_is_done_later),
        ON_STOCK(a_whole_batch_is_taken_back_through_a_ring_of_8),
        ON_BOTH(a_taking_back_that_fails_is_tried_again),
        ON_BOTH(a_nomination_that_fails_otherwise_is_told_of),
        ON_BOTH(with_the_domain_gone_eviction_comes_to_rest),
        ON_BOTH(a_drop_from_before_the_nomination_does_not_free_the_new_slot),
        ON_BOTH(slots_of_pages_that_stayed_are_used_again),
        ON_BOTH(pages_of_zeros_go_out_without_io),
        ON_STOCK(a_guest_that_could_not_be_unpaused_is_unpaused_a_little_later),
        ON_STOCK(it_is_unpaused_too_if_there_was_nothing_to_nominate),
        ON_BOTH(a_page_the_guest_took_back_gets_a_second_chance),
        ON_STOCK(nothing_to_page_out_is_not_looked_for_all_the_time),
        ON_BOTH(the_work_goes_on_after_a_rest_at_full_pace),
        cmocka_unit_test(a_guest_that_is_mostly_out_is_still_paged_out_swiftly),
        cmocka_unit_test(the_other_orders_page_out_all_there_is_too),
        cmocka_unit_test(ram_that_comes_later_goes_out_too),
        ON_BOTH(failure_to_create_leaves_nothing_behind),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("evict", tests, NULL, NULL);
}
