/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "failing.h"
#include "parked.h"

#define LONG 100 /* ms after which a gfn is tried when the doorbell rings */

static struct parked *parked;

static int setup(void **state)
{
    *state = parked = parked_create();
    return parked ? 0 : -1;
}

static int teardown(void **state)
{
    parked_destroy(*state);
    return 0;
}

static unsigned int nr_to_try(int64_t now)
{
    unsigned int nr = 0;
    uint32_t gfn;

    while (parked_next(parked, now, &gfn))
        nr++;
    return nr;
}

static void nothing_is_tried_before_the_doorbell_rings(void **state)
{
    (void)state;
    parked_add(parked, 7, 0);
    assert_int_equal(parked_due_in(parked, 100000), -1);
    assert_int_equal(nr_to_try(100000), 0);
}

static void with_a_ring_each_is_tried_once(void **state)
{
    bool tried[20] = {false};
    uint32_t gfn;

    (void)state;
    for (gfn = 0; gfn < 20; gfn++)
        parked_add(parked, gfn, 0);
    parked_ring(parked, true, LONG);
    assert_int_equal(parked_due_in(parked, LONG), 0);
    for (int i = 0; i < 20; i++) {
        assert_true(parked_next(parked, LONG, &gfn));
        assert_false(tried[gfn]);
        tried[gfn] = true;
    }
    assert_false(parked_next(parked, LONG, &gfn));
    assert_int_equal(parked_due_in(parked, LONG), -1);
    assert_int_equal(parked_nr(parked), 20);
}

static void what_was_parked_a_short_time_ago_is_left_alone(void **state)
{
    uint32_t gfn;

    (void)state;
    parked_add(parked, 1, 0);
    parked_add(parked, 2, 1);
    parked_ring(parked, true, LONG);
    assert_true(parked_next(parked, LONG, &gfn));
    assert_int_equal(gfn, 1);
    assert_false(parked_next(parked, LONG, &gfn));
    assert_int_equal(parked_nr(parked), 2);
}

static void parking_again_keeps_the_time(void **state)
{
    (void)state;
    parked_add(parked, 1, 0);
    parked_add(parked, 1, LONG - 1);
    assert_int_equal(parked_nr(parked), 1);
    parked_ring(parked, true, LONG);
    assert_int_equal(nr_to_try(LONG), 1);
}

static void sure_rings_are_heard_every_5_ms(void **state)
{
    (void)state;
    parked_add(parked, 1, 0);
    parked_ring(parked, true, 1000);
    assert_int_equal(nr_to_try(1000), 1);
    parked_ring(parked, true, 1001);
    assert_int_equal(parked_due_in(parked, 1001), 4);
    assert_int_equal(nr_to_try(1004), 0);
    assert_int_equal(nr_to_try(1005), 1);
}

static void unsure_rings_are_heard_every_100_ms(void **state)
{
    (void)state;
    parked_add(parked, 1, 0);
    parked_ring(parked, false, 1000);
    assert_int_equal(nr_to_try(1000), 1);
    parked_ring(parked, false, 1001);
    assert_int_equal(parked_due_in(parked, 1001), 99);
    parked_ring(parked, false, 1050); /* puts nothing off */
    assert_int_equal(parked_due_in(parked, 1050), 50);
    parked_ring(parked, true, 1060); /* a sure one is heard at once */
    assert_int_equal(nr_to_try(1060), 1);
}

/* But the first ring after a time is heard at once, however many there are. */
static void the_more_are_parked_the_fewer_rounds_there_are(void **state)
{
    (void)state;
    for (uint32_t gfn = 0; gfn < PARKED_MAX; gfn++)
        parked_add(parked, gfn, 0);
    parked_ring(parked, true, 1000);
    assert_int_equal(nr_to_try(1000), PARKED_MAX);
    parked_ring(parked, false, 1001);
    assert_in_range(parked_due_in(parked, 1001), 400, 1000);
    parked_ring(parked, true, 1001);
    assert_in_range(parked_due_in(parked, 1001), 40, 100);
}

static void a_ring_during_a_round_makes_another_one(void **state)
{
    uint32_t gfn;

    (void)state;
    parked_add(parked, 1, 0);
    parked_add(parked, 2, 0);
    parked_ring(parked, true, 1000);
    assert_true(parked_next(parked, 1000, &gfn));
    parked_ring(parked, true, 1000);
    assert_int_equal(nr_to_try(1000), 1);
    assert_int_equal(nr_to_try(1005), 2);
}

/* Whatever is removed while a round is under way, the others are tried, and none twice. */
static void those_that_go_out_leave_the_round_whole(void **state)
{
    (void)state;
    for (uint32_t keep = 1; keep < 8; keep++) {
        unsigned int nr_tried[64] = {0};
        uint32_t gfn;

        for (gfn = 0; gfn < 64; gfn++)
            parked_add(parked, gfn, 0);
        parked_ring(parked, true, 1000 * keep);
        while (parked_next(parked, 1000 * keep, &gfn)) {
            nr_tried[gfn]++;
            if (gfn % keep)
                parked_remove(parked, gfn);
        }
        for (gfn = 0; gfn < 64; gfn++)
            assert_int_equal(nr_tried[gfn], 1);
        for (gfn = 0; gfn < 64; gfn++)
            parked_remove(parked, gfn);
        assert_int_equal(parked_nr(parked), 0);
    }
}

static void one_removed_before_its_turn_is_not_tried(void **state)
{
    uint32_t gfn;

    (void)state;
    for (gfn = 0; gfn < 3; gfn++)
        parked_add(parked, gfn, 0);
    parked_ring(parked, true, 1000);
    assert_true(parked_next(parked, 1000, &gfn));
    for (uint32_t other = 0; other < 3; other++)
        if (other != gfn)
            parked_remove(parked, other);
    assert_int_equal(parked_nr(parked), 1);
    assert_true(nr_to_try(1000) <= 1);
}

static void what_is_not_parked_can_be_removed(void **state)
{
    (void)state;
    parked_remove(parked, 5);
    parked_add(parked, 1, 0);
    parked_remove(parked, 5);
    assert_int_equal(parked_nr(parked), 1);
}

static void what_does_not_fit_is_not_parked(void **state)
{
    (void)state;
    for (uint32_t gfn = 0; gfn < PARKED_MAX + 10; gfn++)
        parked_add(parked, gfn, 0);
    assert_int_equal(parked_nr(parked), PARKED_MAX);
    parked_ring(parked, true, 1000);
    assert_int_equal(nr_to_try(1000), PARKED_MAX);
    parked_remove(parked, 0);
    parked_add(parked, PARKED_MAX, 0);
    assert_int_equal(parked_nr(parked), PARKED_MAX);
}

static int create_and_destroy(void *arg)
{
    struct parked *other = parked_create();

    (void)arg;
    if (!other)
        return -errno;
    parked_destroy(other);
    return 0;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(create_and_destroy, NULL);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    parked_destroy(NULL);
}

#define WITH_PARKED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PARKED(nothing_is_tried_before_the_doorbell_rings),
        WITH_PARKED(with_a_ring_each_is_tried_once),
        WITH_PARKED(what_was_parked_a_short_time_ago_is_left_alone),
        WITH_PARKED(parking_again_keeps_the_time),
        WITH_PARKED(sure_rings_are_heard_every_5_ms),
        WITH_PARKED(unsure_rings_are_heard_every_100_ms),
        WITH_PARKED(the_more_are_parked_the_fewer_rounds_there_are),
        WITH_PARKED(a_ring_during_a_round_makes_another_one),
        WITH_PARKED(those_that_go_out_leave_the_round_whole),
        WITH_PARKED(one_removed_before_its_turn_is_not_tried),
        WITH_PARKED(what_is_not_parked_can_be_removed),
        WITH_PARKED(what_does_not_fit_is_not_parked),
        cmocka_unit_test(failure_to_create_leaves_nothing_behind),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("parked", tests, NULL, NULL);
}
