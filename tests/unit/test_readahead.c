/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read-ahead, with the whole way in behind it. At the start of each test the gfns from 0 to
 * LAST_OUT are out, and there is room for some of them.
 */
#include "rig.h"

#include <errno.h>

#include "failing.h"

#define NR_GFNS 1024u
#define RESIDENT 500u
#define LAST_OUT 500u
#define ROOM 120u /* less than what balance.c would fetch of its own accord */

static int setup(void **state)
{
    struct rig *rig = rig_create(NR_GFNS, "clock");

    rig->balanced = true;
    fake_xen.free_host_pages = 100000;
    balance_set_target(rig->balance, RESIDENT);
    loop_for(rig->base, 3000);
    balance_set_target(rig->balance, RESIDENT + ROOM);
    loop_for(rig->base, 3000);
    assert_int_equal(pages_state(rig->pages, LAST_OUT), PAGE_PAGED);
    assert_int_equal(rig->stats.prefetched, 0);
    *state = rig;
    return 0;
}

static int setup_patched(void **state)
{
    return setup_on_patched(setup, state);
}

/* A fault, or none if the page is there. */
static void touch(struct rig *rig, uint32_t gfn)
{
    guest_read(0, gfn);
    rig_serve_guest(rig);
}

static void assert_state(struct rig *rig, uint32_t gfn, enum page_state state)
{
    assert_int_equal(pages_state(rig->pages, gfn), state);
}

static void the_pages_behind_two_faults_in_order_are_fetched(void **state)
{
    struct rig *rig = *state;

    touch(rig, 100);
    assert_int_equal(rig->stats.prefetched, 0);
    touch(rig, 101);
    assert_int_equal(rig->stats.prefetched, 2);
    assert_state(rig, 103, PAGE_RESIDENT);
    assert_state(rig, 104, PAGE_PAGED);
    assert_true(guest_read(0, 102));
    assert_int_equal(rig->stats.useful, 0);
}

static void a_window_that_was_gone_over_is_doubled(void **state)
{
    struct rig *rig = *state;

    touch(rig, 100);
    touch(rig, 101);
    touch(rig, 104);
    assert_int_equal(rig->stats.useful, 2);
    assert_int_equal(rig->stats.prefetched, 2 + 4);
    assert_state(rig, 108, PAGE_RESIDENT);
    assert_state(rig, 109, PAGE_PAGED);
}

static void windows_have_a_largest_size(void **state)
{
    struct rig *rig = *state;
    uint64_t most = 0;

    for (uint32_t gfn = 100; gfn < 190; gfn++) {
        uint64_t before = rig->stats.prefetched;

        touch(rig, gfn);
        if (rig->stats.prefetched - before > most)
            most = rig->stats.prefetched - before;
    }
    assert_int_equal(most, READAHEAD_MAX);
    assert_in_range(rig->stats.refaults, 4, 12);
}

static void it_goes_in_both_directions(void **state)
{
    struct rig *rig = *state;

    touch(rig, 101);
    touch(rig, 100);
    assert_state(rig, 98, PAGE_RESIDENT);
    assert_state(rig, 97, PAGE_PAGED);
    assert_state(rig, 102, PAGE_PAGED);
    touch(rig, 97);
    assert_int_equal(rig->stats.useful, 2);
}

static void several_places_are_gone_on_from_at_a_time(void **state)
{
    struct rig *rig = *state;

    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t gfn = 50; gfn < 250; gfn += 50)
            touch(rig, gfn + i);
    assert_int_equal(rig->stats.prefetched, 4 * 2);
}

static void faults_here_and_there_fetch_nothing(void **state)
{
    struct rig *rig = *state;

    for (uint32_t i = 0; i < 40; i++)
        touch(rig, i * 149 % LAST_OUT);
    assert_int_equal(rig->stats.prefetched, 0);
}

/* Always two in order, and then somewhere else. */
static void pages_of_no_use_make_windows_smaller(void **state)
{
    struct rig *rig = *state;
    uint64_t before;

    for (uint32_t gfn = 10; gfn < 300; gfn += 20) {
        touch(rig, gfn);
        touch(rig, gfn + 1);
    }
    assert_int_equal(rig->stats.useful, 0);
    before = rig->stats.prefetched;
    touch(rig, 400);
    touch(rig, 401);
    assert_int_equal(rig->stats.prefetched, before + 1);
}

static void without_room_nothing_is_fetched(void **state)
{
    struct rig *rig = *state;

    balance_set_target(rig->balance, fake_xen_resident());
    touch(rig, 100);
    touch(rig, 101);
    touch(rig, 102);
    assert_int_equal(rig->stats.prefetched, 0);
}

static void a_host_without_memory_is_not_asked_for_more(void **state)
{
    struct rig *rig = *state;

    fake_xen.free_host_pages = 100;
    loop_for(rig->base, 6000); /* seen with the next look */
    touch(rig, 100);
    touch(rig, 101);
    assert_int_equal(rig->stats.prefetched, 0);
    fake_xen.free_host_pages = 100000;
}

static void the_first_gfn_is_the_end(void **state)
{
    struct rig *rig = *state;

    touch(rig, 2);
    touch(rig, 1);
    assert_state(rig, 0, PAGE_RESIDENT);
    assert_int_equal(rig->stats.prefetched, 1);
}

/* The reads of a window are behind that of the fault, and it is over before they are. */
static void a_fault_is_served_before_what_is_fetched_for_it(void **state)
{
    struct rig *rig = *state;

    touch(rig, 100);
    fake_engine.hold = true;
    assert_false(guest_read(0, 101));
    loop_settle(rig->base);
    assert_int_equal(fake_engine_nr_waiting(), 1 + 2);
    fake_engine_release_one();
    loop_settle(rig->base);
    assert_int_equal(guest_nr_waiting(), 0);
    assert_int_equal(pager_nr_fetches(rig->pager), 2);
    fake_engine_release();
}

/* More of it than stays in memory, again and again. Target and room are as in a small guest. */
static void a_guest_that_goes_over_its_memory_in_order_waits_for_few_of_its_pages(void **state)
{
    const uint32_t target = 5000, region = 6000;
    struct rig *rig = rig_create(region + 2000, "clock");

    (void)state;
    rig->balanced = true;
    fake_xen.free_host_pages = 100000;
    balance_set_target(rig->balance, target);
    loop_for(rig->base, 3000);
    for (int round = 0; round < 3; round++)
        for (uint32_t gfn = 0; gfn < region; gfn++)
            touch(rig, gfn);
    assert_true(rig->stats.page_ins > 2 * region);
    assert_true(rig->stats.refaults < rig->stats.page_ins / 4);
    assert_true(rig->stats.useful > rig->stats.prefetched / 10 * 9);
    rig_drain(rig);
    rig_assert_at_peace(rig);
    rig_destroy(rig);
}

static int create_and_destroy(void *arg)
{
    struct rig *rig = arg;
    const struct readahead_env env = {.base = rig->base, .pages = rig->pages};
    struct readahead *readahead = readahead_create(&env);

    if (!readahead)
        return -errno;
    readahead_destroy(readahead);
    return 0;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    check_every_failure(create_and_destroy, *state);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    readahead_destroy(NULL);
}

#define ON_BOTH_SET_UP(test)                                                                       \
    NAMED_TEST(test, "stock", setup, rig_teardown),                                                \
        NAMED_TEST(test, "patched", setup_patched, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH_SET_UP(the_pages_behind_two_faults_in_order_are_fetched),
        ON_BOTH_SET_UP(a_window_that_was_gone_over_is_doubled),
        ON_BOTH_SET_UP(windows_have_a_largest_size),
        ON_BOTH_SET_UP(it_goes_in_both_directions),
        ON_BOTH_SET_UP(several_places_are_gone_on_from_at_a_time),
        ON_BOTH_SET_UP(faults_here_and_there_fetch_nothing),
        ON_BOTH_SET_UP(pages_of_no_use_make_windows_smaller),
        ON_BOTH_SET_UP(without_room_nothing_is_fetched),
        ON_BOTH_SET_UP(a_host_without_memory_is_not_asked_for_more),
        ON_BOTH_SET_UP(the_first_gfn_is_the_end),
        ON_BOTH_SET_UP(a_fault_is_served_before_what_is_fetched_for_it),
        cmocka_unit_test(a_guest_that_goes_over_its_memory_in_order_waits_for_few_of_its_pages),
        ON_BOTH(failure_to_create_leaves_nothing_behind),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("readahead", tests, NULL, NULL);
}
