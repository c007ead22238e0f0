/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "asked_for.h"

#define NOW 5000000
#define AGE 200

static void an_empty_one_has_nothing(void **state)
{
    struct asked_for asked_for = {0};
    uint32_t gfn;

    (void)state;
    assert_false(asked_for_next(&asked_for, NOW, 0, &gfn));
}

static void the_oldest_comes_first_and_each_once(void **state)
{
    struct asked_for asked_for = {0};
    uint32_t gfn;

    (void)state;
    for (uint32_t i = 0; i < 3 * ASKED_FOR_MAX; i++) {
        asked_for_add(&asked_for, i, NOW);
        assert_true(asked_for_next(&asked_for, NOW, 0, &gfn));
        assert_int_equal(gfn, i);
    }
    assert_false(asked_for_next(&asked_for, NOW, 0, &gfn));
}

static void nothing_comes_before_it_has_the_age(void **state)
{
    struct asked_for asked_for = {0};
    uint32_t gfn;

    (void)state;
    asked_for_add(&asked_for, 7, NOW);
    asked_for_add(&asked_for, 8, NOW + 1);
    assert_false(asked_for_next(&asked_for, NOW + AGE - 1, AGE, &gfn));
    assert_true(asked_for_next(&asked_for, NOW + AGE, AGE, &gfn));
    assert_int_equal(gfn, 7);
    assert_false(asked_for_next(&asked_for, NOW + AGE, AGE, &gfn));
    assert_true(asked_for_next(&asked_for, NOW + AGE + 1, AGE, &gfn));
    assert_int_equal(gfn, 8);
}

static void of_too_many_the_oldest_is_forgotten(void **state)
{
    struct asked_for asked_for = {0};
    uint32_t gfn;

    (void)state;
    for (uint32_t i = 0; i <= ASKED_FOR_MAX; i++)
        asked_for_add(&asked_for, i, NOW);
    for (uint32_t i = 1; i <= ASKED_FOR_MAX; i++) {
        assert_true(asked_for_next(&asked_for, NOW, 0, &gfn));
        assert_int_equal(gfn, i);
    }
    assert_false(asked_for_next(&asked_for, NOW, 0, &gfn));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_nothing),
        cmocka_unit_test(the_oldest_comes_first_and_each_once),
        cmocka_unit_test(nothing_comes_before_it_has_the_age),
        cmocka_unit_test(of_too_many_the_oldest_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
