/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that keep their slots while they are in memory, on the whole way out and in. The fake
 * hypervisor checks what the guest reads, and the rig at the end of each test that no slot is held
 * that is not kept.
 */
#include "rig.h"

#include <errno.h>

#include "page.h"

#define NR 20u

/* Out with the first NR pages, and back with those below nr_back. */
static void page_out_and_read(struct rig *rig, uint32_t nr_back)
{
    fake_engine.is_outside = true;
    rig_page_out(rig, NR);
    for (uint32_t gfn = 0; gfn < nr_back; gfn++) {
        assert_false(guest_read(gfn % FAKE_VCPUS, gfn));
        rig_serve_guest(rig);
    }
    assert_int_equal(pages_nr_kept(rig->pages), nr_back);
}

/* All goes out that is not out. */
static void page_out_rest(struct rig *rig)
{
    loop_for(rig->base, 2000); /* what was asked for is left alone for a while */
    rig_page_out_all(rig);
    assert_int_equal(pages_nr_paged(rig->pages), RIG_GFNS - 1);
    assert_int_equal(store_bytes(rig->store), (RIG_GFNS - 1) * PAGE_BYTES);
    assert_int_equal(pages_nr_kept(rig->pages), 0);
}

static void a_page_that_was_only_read_is_not_written_again(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    assert_int_equal(store_bytes(rig->store), NR * PAGE_BYTES);
    page_out_rest(rig);
    assert_int_equal(rig->stats.page_outs, RIG_GFNS - 1 + 8);
    assert_int_equal(rig->stats.clean, 8);
    assert_int_equal(fake_engine.nr_writes, RIG_GFNS - 1);
    assert_int_equal(fake_engine.nr_released, 0);
}

static void a_page_that_was_written_to_is_written_again(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    for (uint32_t gfn = 0; gfn < 8; gfn += 2)
        assert_true(guest_write(0, gfn));
    page_out_rest(rig);
    assert_int_equal(rig->stats.clean, 4);
    assert_int_equal(fake_engine.nr_writes, RIG_GFNS - 1 + 4);
}

static void a_page_that_was_cleared_gives_its_slot_back(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    guest_clear(3);
    loop_for(rig->base, 2000);
    rig_page_out_all(rig);
    assert_int_equal(store_bytes(rig->store), (RIG_GFNS - 2) * PAGE_BYTES);
    assert_int_equal(rig->stats.clean, 7);
}

static void a_page_of_zeros_keeps_nothing(void **state)
{
    struct rig *rig = *state;

    guest_clear(0);
    fake_engine.is_outside = true;
    rig_page_out(rig, 1);
    assert_false(guest_read(0, 0));
    rig_serve_guest(rig);
    assert_int_equal(pages_nr_kept(rig->pages), 0);
    assert_int_equal(store_bytes(rig->store), 0);
}

static void where_slots_take_memory_none_is_kept(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, NR);
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
    assert_int_equal(pages_nr_kept(rig->pages), 0);
    assert_int_equal(store_bytes(rig->store), (NR - 1) * PAGE_BYTES);
}

/* Somebody holds it for a moment: that does not change it. */
static void a_page_that_cannot_go_out_now_keeps_its_slot(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    assert_int_equal(foreign_map_to_read(3), 0);
    loop_for(rig->base, 2000);
    rig_start_page_out(rig, RIG_GFNS);
    loop_for(rig->base, 100);
    assert_int_equal(pages_state(rig->pages, 3), PAGE_RESIDENT);
    assert_int_equal(pages_nr_kept(rig->pages), 1);
    foreign_unmap(3);
    loop_for(rig->base, 1000);
    assert_int_equal(pages_state(rig->pages, 3), PAGE_PAGED);
    assert_int_equal(rig->stats.clean, 8);
    rig->to_go = 0;
}

/* It was copied, and the copy may still be good the next time. */
static void a_page_that_is_taken_back_keeps_its_slot(void **state)
{
    struct rig *rig = *state;

    fake_engine.is_outside = fake_engine.hold = true;
    rig_start_page_out(rig, NR);
    loop_settle(rig->base);
    for (uint32_t gfn = 0; gfn < 4; gfn++)
        guest_read(gfn, gfn);
    fake_engine_release();
    loop_for(rig->base, 5);
    rig->to_go = 0;
    rig_finish_batch(rig);
    assert_int_equal(rig->stats.lost, 4);
    assert_int_equal(pages_nr_kept(rig->pages), 4);
    assert_true(guest_write(0, 0));
    page_out_rest(rig);
    assert_int_equal(rig->stats.clean, 3);
}

static void a_page_that_is_given_up_loses_its_slot(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    guest_give_up(3);  /* in memory, which nobody is told of */
    guest_give_up(10); /* out */
    loop_for(rig->base, 2000);
    rig_page_out(rig, RIG_GFNS - 3 - pages_nr_paged(rig->pages));
    assert_int_equal(pages_nr_kept(rig->pages), 0);
    assert_int_equal(store_bytes(rig->store), (RIG_GFNS - 3) * PAGE_BYTES);
    assert_int_equal(rig->stats.clean, 7);
}

/* --- When the store is full. --- */

#define SMALL (RIG_GFNS / 2)

static int setup_small(void **state)
{
    static const struct store_options small = {.where = "/nowhere", .max_pages = SMALL};

    rig_use_store(&small);
    return rig_setup(state);
}

static int setup_small_patched(void **state)
{
    return setup_on_patched(setup_small, state);
}

static int teardown_small(void **state)
{
    int rc = rig_teardown(state);

    rig_use_store(NULL);
    return rc;
}

/* So many other pages go out as the store takes, with and then without the slots that are kept. */
static void what_is_kept_makes_room_for_what_goes_out(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    rig_page_out(rig, SMALL - NR);
    assert_int_equal(pages_nr_kept(rig->pages), 8);
    assert_int_equal(store_bytes(rig->store), SMALL * PAGE_BYTES);
    for (uint32_t left = 8; left-- > 0;) {
        rig_page_out(rig, 1);
        assert_int_equal(pages_nr_kept(rig->pages), left);
    }
    assert_int_equal(pages_nr_paged(rig->pages), SMALL);
    assert_int_equal(store_bytes(rig->store), SMALL * PAGE_BYTES);
    assert_int_equal(rig->stats.clean, 0);
    rig_start_page_out(rig, 1); /* and no more */
    loop_for(rig->base, 1000);
    assert_int_equal(pages_nr_paged(rig->pages), SMALL);
    rig->to_go = 0;
}

static void nothing_is_kept_where_the_store_is_nearly_full(void **state)
{
    struct rig *rig = *state;

    fake_engine.is_outside = true;
    rig_page_out(rig, SMALL);
    for (uint32_t gfn = 0; gfn < 20; gfn++) {
        assert_false(guest_read(0, gfn));
        rig_serve_guest(rig);
    }
    assert_in_range(pages_nr_kept(rig->pages), 1, 20 - SMALL / 16);
    assert_int_equal(store_bytes(rig->store),
                     (SMALL - 20 + pages_nr_kept(rig->pages)) * PAGE_BYTES);
}

/* Nothing rests for it. */
static void assert_that_kept_slots_make_room_after(struct rig *rig, int error)
{
    int64_t start;

    page_out_and_read(rig, 8);
    start = fake_time_ms();
    fake_engine.error = error;
    fake_engine.fail_writes = 5;
    rig_page_out(rig, 30);
    assert_int_equal(fake_time_ms(), start);
    assert_int_equal(pages_nr_kept(rig->pages), 3);
    assert_int_equal(pages_nr_paged(rig->pages), NR - 8 + 30);
}

/* The file system is full, and has no room but that of slots. */
static void a_write_that_finds_no_space_takes_that_of_what_is_kept(void **state)
{
    assert_that_kept_slots_make_room_after(*state, -ENOSPC);
}

static void a_quota_that_is_used_up_is_no_space(void **state)
{
    assert_that_kept_slots_make_room_after(*state, -EDQUOT);
}

static void without_space_at_all_what_is_kept_is_given_up_once(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    fake_engine.error = -ENOSPC;
    fake_engine.fail_writes = 100000;
    rig_start_page_out(rig, 30);
    loop_for(rig->base, 60000);
    assert_int_equal(pages_nr_kept(rig->pages), 0);
    assert_int_equal(pages_nr_paged(rig->pages), NR - 8);
    assert_in_range(fake_engine.nr_writes, NR, NR + 20 * 30);
    fake_engine.fail_writes = 0;
    loop_for(rig->base, 15000);
    assert_int_equal(pages_nr_paged(rig->pages), NR - 8 + 30);
}

static void other_errors_take_nothing_that_is_kept(void **state)
{
    struct rig *rig = *state;

    page_out_and_read(rig, 8);
    fake_engine.fail_writes = 3;
    rig_start_page_out(rig, 30);
    loop_for(rig->base, 1000);
    assert_int_equal(pages_nr_paged(rig->pages), NR - 8 + 30);
    assert_int_equal(pages_nr_kept(rig->pages), 8);
}

#define SMALL_ON_BOTH(test)                                                                        \
    NAMED_TEST(test, "stock", setup_small, teardown_small),                                        \
        NAMED_TEST(test, "patched", setup_small_patched, teardown_small)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_page_that_was_only_read_is_not_written_again),
        ON_BOTH(a_page_that_was_written_to_is_written_again),
        ON_BOTH(a_page_that_was_cleared_gives_its_slot_back),
        ON_BOTH(a_page_of_zeros_keeps_nothing),
        ON_BOTH(where_slots_take_memory_none_is_kept),
        ON_PATCHED(a_page_that_cannot_go_out_now_keeps_its_slot),
        ON_PATCHED(a_page_that_is_taken_back_keeps_its_slot),
        ON_BOTH(a_page_that_is_given_up_loses_its_slot),
        SMALL_ON_BOTH(what_is_kept_makes_room_for_what_goes_out),
        SMALL_ON_BOTH(nothing_is_kept_where_the_store_is_nearly_full),
        ON_BOTH(a_write_that_finds_no_space_takes_that_of_what_is_kept),
        ON_BOTH(a_quota_that_is_used_up_is_no_space),
        ON_BOTH(without_space_at_all_what_is_kept_is_given_up_once),
        ON_BOTH(other_errors_take_nothing_that_is_kept),
    };

    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
