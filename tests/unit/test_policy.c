/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "policy.h"

#define REGION POLICY_REGION_GFNS
#define NOW 5000000
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

/* A small guest: four regions, of which the second and the last have RAM. */
#define NR_GFNS (4 * REGION)

static const char *const names[] = {"clock", "random", "sweep"};

#define NR_NAMES (sizeof(names) / sizeof(names[0]))

static struct policy *create(const char *name, uint32_t nr_gfns, const uint32_t *regions,
                             size_t nr_regions)
{
    struct policy *policy = policy_create(name, nr_gfns);

    assert_non_null(policy);
    for (size_t i = 0; i < nr_regions; i++)
        policy_add_ram(policy, regions[i]);
    return policy;
}

static struct policy *create_small(const char *name)
{
    static const uint32_t regions[] = {1, 3};

    return create(name, NR_GFNS, regions, 2);
}

static uint32_t next(struct policy *policy, int64_t now)
{
    uint32_t gfn;

    assert_true(policy_next(policy, now, &gfn));
    return gfn;
}

/* Whether gfn is among the next nr choices. */
static bool is_chosen(struct policy *policy, uint32_t gfn, int64_t now, uint32_t nr)
{
    for (uint32_t i = 0; i < nr; i++)
        if (next(policy, now) == gfn)
            return true;
    return false;
}

static bool is_ram(uint32_t gfn)
{
    return gfn / REGION == 1 || gfn / REGION == 3;
}

/* --- What all orders have in common. --- */

static void the_three_orders_are_known_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        assert_true(policy_is_known(names[i]));
        assert_says(policy_names(), names[i]);
    }
}

static void an_unknown_name_is_refused(void **state)
{
    static const char *const unknown[] = {"", "clocks", "CLOCK", "clock ", "clock, random"};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_false(policy_is_known(unknown[i]));
        errno = 0;
        assert_null(policy_create(unknown[i], NR_GFNS));
        assert_int_equal(errno, EINVAL);
    }
}

static void without_ram_nothing_is_chosen(void **state)
{
    uint32_t gfn;

    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = policy_create(names[i], NR_GFNS);

        assert_false(policy_next(policy, NOW, &gfn));
        assert_true(policy_passed(policy)); /* a good time to look for RAM */
        policy_destroy(policy);
    }
}

static void holes_are_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create_small(names[i]);

        for (uint32_t n = 0; n < 3 * NR_GFNS; n++)
            assert_true(is_ram(next(policy, NOW)));
        policy_destroy(policy);
    }
}

static void all_ram_is_chosen_sooner_or_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create_small(names[i]);
        bool *seen = unfailing_calloc(NR_GFNS, sizeof(*seen));

        for (uint32_t n = 0; n < 20 * NR_GFNS; n++)
            seen[next(policy, NOW)] = true;
        for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
            assert_int_equal(seen[gfn], is_ram(gfn));
        unfailing_free(seen);
        policy_destroy(policy);
    }
}

static void a_last_region_that_is_not_whole_is_not_overrun(void **state)
{
    const uint32_t nr_gfns = 2 * REGION + 3, regions[] = {2};

    (void)state;
    assert_int_equal(policy_nr_regions(nr_gfns), 3);
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create(names[i], nr_gfns, regions, 1);

        for (int n = 0; n < 1000; n++) {
            uint32_t gfn = next(policy, NOW);

            assert_in_range(gfn, 2 * REGION, nr_gfns - 1);
        }
        policy_destroy(policy);
    }
}

static void the_largest_guest_has_all_its_regions(void **state)
{
    (void)state;
    assert_int_equal(policy_nr_regions(1), 1);
    assert_int_equal(policy_nr_regions(REGION), 1);
    assert_int_equal(policy_nr_regions(REGION + 1), 2);
    assert_int_equal(policy_nr_regions(UINT32_MAX), (UINT64_C(1) << 32) / REGION);
}

static void ram_that_comes_later_is_chosen_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create_small(names[i]);

        policy_add_ram(policy, 0);
        assert_true(is_chosen(policy, 17, NOW, 40 * NR_GFNS));
        policy_destroy(policy);
    }
}

static void a_grown_policy_chooses_the_new_gfns_too(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create_small(names[i]);

        assert_int_equal(policy_grow(policy, 300 * REGION), 0);
        policy_add_ram(policy, 299);
        assert_true(is_chosen(policy, 300 * REGION - 1, NOW, 40 * NR_GFNS));
        assert_int_equal(policy_grow(policy, REGION), 0); /* never smaller */
        assert_true(is_chosen(policy, 300 * REGION - 1, NOW, 40 * NR_GFNS));
        policy_destroy(policy);
    }
}

static int create_and_grow(void *arg)
{
    struct policy *policy = policy_create(arg, NR_GFNS);
    int rc;

    if (!policy)
        return -errno;
    policy_add_ram(policy, 3);
    rc = policy_grow(policy, 10000 * REGION);
    assert_in_range(next(policy, NOW), 3 * REGION, 4 * REGION - 1);
    policy_destroy(policy);
    return rc;
}

static void no_memory_changes_nothing(void **state)
{
    char clock[] = "clock";

    (void)state;
    check_every_failure(create_and_grow, clock);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    policy_destroy(NULL);
}

/* --- The orders. --- */

static void the_clock_goes_upwards_from_the_first_ram(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (uint32_t gfn = REGION; gfn < 2 * REGION; gfn++)
            assert_int_equal(next(policy, NOW), gfn);
        for (uint32_t gfn = 3 * REGION; gfn < 4 * REGION; gfn++)
            assert_int_equal(next(policy, NOW), gfn);
    }
    policy_destroy(policy);
}

static void the_sweep_goes_upwards_from_the_middle(void **state)
{
    struct policy *policy = create_small("sweep");

    (void)state;
    for (uint32_t gfn = 3 * REGION; gfn < 4 * REGION; gfn++)
        assert_int_equal(next(policy, NOW), gfn);
    assert_int_equal(next(policy, NOW), REGION);
    policy_destroy(policy);
}

static void random_choice_is_even(void **state)
{
    const uint32_t nr = 100 * NR_GFNS;
    struct policy *policy = create_small("random");
    uint32_t lower = 0, steps = 0, last = 0;

    (void)state;
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t gfn = next(policy, NOW);

        lower += gfn < 2 * REGION;
        steps += gfn == last + 1;
        last = gfn;
    }
    assert_in_range(lower, nr / 2 - nr / 50, nr / 2 + nr / 50);
    assert_true(steps < nr / 100); /* it does not walk */
    policy_destroy(policy);
}

static void a_pass_is_told_of_once(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    next(policy, NOW); /* the hand starts before the first gfn */
    policy_passed(policy);
    for (uint32_t i = 1; i < 2 * REGION; i++)
        next(policy, NOW);
    assert_false(policy_passed(policy));
    next(policy, NOW);
    assert_true(policy_passed(policy));
    assert_false(policy_passed(policy));
    policy_destroy(policy);
}

static void every_order_tells_of_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create_small(names[i]);
        bool passed = false;

        for (uint32_t n = 0; n < 500000 && !passed; n++) {
            next(policy, NOW);
            passed = policy_passed(policy);
        }
        assert_true(passed);
        policy_destroy(policy);
    }
}

/* --- Marks. --- */

static void what_was_paged_in_gets_a_second_chance(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    policy_note(policy, REGION + 5, POLICY_PAGED_IN, NOW);
    assert_false(is_chosen(policy, REGION + 5, NOW, 2 * REGION - 1));
    assert_true(is_chosen(policy, REGION + 5, NOW, 2 * REGION));
    policy_destroy(policy);
}

/* Two of the same size draw alike: what the first one draws, the second one is to pass over. */
static void random_choice_gives_a_second_chance_too(void **state)
{
    struct policy *cold = create_small("random"), *warm = create_small("random");

    (void)state;
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        policy_note(warm, gfn, POLICY_PAGED_IN, NOW);
    assert_int_not_equal(next(cold, NOW), next(warm, NOW));
    policy_destroy(cold);
    policy_destroy(warm);
}

static void the_sweep_knows_no_second_chance(void **state)
{
    struct policy *policy = create_small("sweep");

    (void)state;
    policy_note(policy, 3 * REGION, POLICY_PAGED_IN, NOW);
    assert_int_equal(next(policy, NOW), 3 * REGION);
    policy_destroy(policy);
}

/* With one gfn as RAM that is not marked, its turn comes at every second call or so. */
static bool is_held(struct policy *policy, int64_t now)
{
    return !is_chosen(policy, REGION + 5, now, 2 * REGION);
}

static void what_a_program_asked_for_is_left_alone_for_a_moment_and_goes_first_then(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create_small(names[i]);

        policy_note(policy, REGION + 5, POLICY_ASKED_FOR, NOW);
        policy_note(policy, REGION + 9, POLICY_ASKED_FOR, NOW);
        assert_true(is_held(policy, NOW));
        assert_true(is_held(policy, NOW + 90));
        assert_int_equal(next(policy, NOW + 300), REGION + 5);
        assert_int_equal(next(policy, NOW + 300), REGION + 9);
        policy_destroy(policy);
    }
}

static void what_the_guest_needed_since_a_program_asked_for_it_does_not_go_first(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    policy_note(policy, REGION + 5, POLICY_ASKED_FOR, NOW);
    policy_note(policy, REGION + 5, POLICY_PAGED_IN, NOW + 10);
    assert_false(is_chosen(policy, REGION + 5, NOW + 300, 2 * REGION - 1));
    assert_true(is_chosen(policy, REGION + 5, NOW + 300, 2 * REGION));
    policy_destroy(policy);
}

static void what_somebody_holds_does_not_keep_back_what_was_asked_for_after_it(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    policy_note(policy, REGION + 5, POLICY_ASKED_FOR, NOW);
    policy_note(policy, REGION + 9, POLICY_ASKED_FOR, NOW);
    policy_note(policy, REGION + 5, POLICY_BUSY, NOW + 10);
    assert_int_equal(next(policy, NOW + 300), REGION + 9);
    policy_destroy(policy);
}

static void a_busy_gfn_is_tried_again_after_about_2_seconds(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i += 2) {
        struct policy *policy = create_small(names[i]);

        policy_note(policy, REGION + 5, POLICY_BUSY, NOW);
        assert_true(is_held(policy, NOW));
        assert_true(is_held(policy, NOW + 900));
        assert_false(is_held(policy, NOW + 3000));
        policy_destroy(policy);
    }
}

static void a_gfn_taken_back_is_left_alone_and_gets_a_second_chance(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    policy_note(policy, REGION + 5, POLICY_TAKEN_BACK, NOW);
    assert_true(is_held(policy, NOW));
    assert_true(is_held(policy, NOW + 900));
    assert_false(is_chosen(policy, REGION + 5, NOW + 3000, 2 * REGION - 1));
    assert_true(is_chosen(policy, REGION + 5, NOW + 3000, 2 * REGION));
    policy_destroy(policy);
}

static void an_unpageable_gfn_is_tried_again_after_about_60_seconds(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    policy_note(policy, REGION + 5, POLICY_UNPAGEABLE, NOW);
    assert_true(is_held(policy, NOW));
    assert_true(is_held(policy, NOW + 58000));
    assert_false(is_held(policy, NOW + 61000));
    policy_destroy(policy);
}

/* However long nobody has looked: ticks wrap, marks must not come to life again. */
static void a_mark_is_over_for_good_once_its_time_is_over(void **state)
{
    static const int64_t later[] = {MINUTE * 2, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 20 * HOUR};

    (void)state;
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
        struct policy *policy = create_small("clock");

        policy_note(policy, REGION + 5, POLICY_UNPAGEABLE, NOW);
        if (is_held(policy, NOW + later[i]))
            fail_msg("still held after %d minutes", (int)(later[i] / MINUTE));
        policy_destroy(policy);
    }
}

/* 2^14 ticks of 0.1 s is what the mark has room for. */
static void marks_work_across_the_wrap_of_ticks(void **state)
{
    const int64_t wrap = INT64_C(16384) * 100;

    (void)state;
    for (int64_t before = 0; before <= MINUTE; before += 10000) {
        struct policy *policy = create_small("clock");

        policy_note(policy, REGION + 5, POLICY_UNPAGEABLE, wrap - before);
        assert_true(is_held(policy, wrap - before + 50000));
        assert_false(is_held(policy, wrap - before + 61000));
        policy_destroy(policy);
    }
}

static void a_later_mark_takes_the_place_of_an_earlier_one(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    policy_note(policy, REGION + 5, POLICY_UNPAGEABLE, NOW);
    policy_note(policy, REGION + 5, POLICY_BUSY, NOW);
    assert_false(is_held(policy, NOW + 3000));
    policy_note(policy, REGION + 5, POLICY_PAGED_IN, NOW);
    policy_note(policy, REGION + 5, POLICY_UNPAGEABLE, NOW);
    assert_true(is_held(policy, NOW + 3000));
    policy_destroy(policy);
}

static void when_all_is_held_the_search_ends_all_the_same(void **state)
{
    const uint32_t nr_gfns = 100 * REGION;
    uint32_t gfn;

    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = policy_create(names[i], nr_gfns);

        for (uint32_t region = 0; region < 100; region++)
            policy_add_ram(policy, region);
        for (gfn = 0; gfn < nr_gfns; gfn++)
            policy_note(policy, gfn, POLICY_UNPAGEABLE, NOW);
        assert_false(policy_next(policy, NOW, &gfn));
        assert_true(policy_next(policy, NOW + 2 * MINUTE, &gfn));
        policy_destroy(policy);
    }
}

static void note_beyond_the_end(void *arg)
{
    policy_note(arg, NR_GFNS, POLICY_BUSY, NOW);
}

static void a_gfn_beyond_the_end_is_a_bug(void **state)
{
    struct policy *policy = create_small("clock");

    (void)state;
    assert_aborts(note_beyond_the_end, policy);
    policy_destroy(policy);
}

/* --- A large guest with little RAM: 2^28 gfns, of which 16 regions at the far end are RAM. --- */

static struct policy *create_large(const char *name)
{
    const uint32_t nr_gfns = 1u << 28, nr_regions = policy_nr_regions(nr_gfns);
    struct policy *policy;

    let_memory_be_sparse(true);
    policy = policy_create(name, nr_gfns);
    let_memory_be_sparse(false);
    assert_non_null(policy);
    for (uint32_t i = 1; i <= 16; i++)
        policy_add_ram(policy, nr_regions - 2 * i);
    return policy;
}

/*
 * The search of one call is bounded, so to walk over the holes gfn by gfn, 65,536 calls would come
 * back with nothing.
 */
static void little_ram_in_a_large_guest_is_found_at_each_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_NAMES; i++) {
        struct policy *policy = create_large(names[i]);
        uint32_t nr = i == 1 ? 200 : 3 * 16 * REGION;

        for (uint32_t n = 0; n < nr; n++)
            assert_int_equal(next(policy, NOW) / REGION % 2, 0);
        policy_destroy(policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_three_orders_are_known_by_name),
        cmocka_unit_test(an_unknown_name_is_refused),
        cmocka_unit_test(without_ram_nothing_is_chosen),
        cmocka_unit_test(holes_are_passed_over),
        cmocka_unit_test(all_ram_is_chosen_sooner_or_later),
        cmocka_unit_test(a_last_region_that_is_not_whole_is_not_overrun),
        cmocka_unit_test(the_largest_guest_has_all_its_regions),
        cmocka_unit_test(ram_that_comes_later_is_chosen_too),
        cmocka_unit_test(a_grown_policy_chooses_the_new_gfns_too),
        cmocka_unit_test(no_memory_changes_nothing),
        cmocka_unit_test(destroying_nothing_is_allowed),
        cmocka_unit_test(the_clock_goes_upwards_from_the_first_ram),
        cmocka_unit_test(the_sweep_goes_upwards_from_the_middle),
        cmocka_unit_test(random_choice_is_even),
        cmocka_unit_test(a_pass_is_told_of_once),
        cmocka_unit_test(every_order_tells_of_passes),
        cmocka_unit_test(what_was_paged_in_gets_a_second_chance),
        cmocka_unit_test(random_choice_gives_a_second_chance_too),
        cmocka_unit_test(the_sweep_knows_no_second_chance),
        cmocka_unit_test(what_a_program_asked_for_is_left_alone_for_a_moment_and_goes_first_then),
        cmocka_unit_test(what_the_guest_needed_since_a_program_asked_for_it_does_not_go_first),
        cmocka_unit_test(what_somebody_holds_does_not_keep_back_what_was_asked_for_after_it),
        cmocka_unit_test(a_busy_gfn_is_tried_again_after_about_2_seconds),
        cmocka_unit_test(a_gfn_taken_back_is_left_alone_and_gets_a_second_chance),
        cmocka_unit_test(an_unpageable_gfn_is_tried_again_after_about_60_seconds),
        cmocka_unit_test(a_mark_is_over_for_good_once_its_time_is_over),
        cmocka_unit_test(marks_work_across_the_wrap_of_ticks),
        cmocka_unit_test(a_later_mark_takes_the_place_of_an_earlier_one),
        cmocka_unit_test(when_all_is_held_the_search_ends_all_the_same),
        cmocka_unit_test(a_gfn_beyond_the_end_is_a_bug),
        cmocka_unit_test(little_ram_in_a_large_guest_is_found_at_each_call),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
