/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "failing.h"
#include "index.h"
#include "page.h"
#include "pages.h"
#include "store.h"

#define NR_GFNS 1000u
#define REMEMBERED 65536u

/* With room for all that the tests tell of. */
static struct pages *create(uint32_t nr_gfns)
{
    struct pages *pages = pages_create(nr_gfns, NULL);

    assert_non_null(pages);
    for (uint32_t gfn = 0; gfn < nr_gfns; gfn++)
        assert_int_equal(pages_make_room(pages, gfn), 0);
    return pages;
}

static int setup(void **state)
{
    *state = create(NR_GFNS);
    return 0;
}

static int teardown(void **state)
{
    pages_destroy(*state);
    return 0;
}

static void page_out(struct pages *pages, uint32_t gfn)
{
    pages_nominate(pages, gfn);
    pages_commit(pages, gfn, gfn + 7);
}

static void page_in(struct pages *pages, uint32_t gfn)
{
    pages_begin_load(pages, gfn);
    pages_loaded(pages, gfn);
}

static void assert_newest(struct pages *pages, uint32_t expected)
{
    uint32_t gfn;

    assert_true(pages_newest(pages, &gfn));
    assert_int_equal(gfn, expected);
    page_in(pages, gfn);
}

static void assert_none_newest(struct pages *pages)
{
    uint32_t gfn;

    assert_false(pages_newest(pages, &gfn));
}

static void all_gfns_are_resident_at_first(void **state)
{
    assert_int_equal(pages_nr_gfns(*state), NR_GFNS);
    assert_int_equal(pages_nr_paged(*state), 0);
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        assert_int_equal(pages_state(*state, gfn), PAGE_RESIDENT);
}

static void a_page_goes_out_and_comes_back(void **state)
{
    pages_nominate(*state, 5);
    assert_int_equal(pages_state(*state, 5), PAGE_NOMINATED);
    assert_int_equal(pages_nr_paged(*state), 0);
    pages_commit(*state, 5, 12);
    assert_int_equal(pages_state(*state, 5), PAGE_PAGED);
    assert_int_equal(pages_nr_paged(*state), 1);
    pages_begin_load(*state, 5);
    assert_int_equal(pages_state(*state, 5), PAGE_LOADING);
    assert_int_equal(pages_nr_paged(*state), 1);
    assert_int_equal(pages_slot(*state, 5), 12);
    pages_loaded(*state, 5);
    assert_int_equal(pages_state(*state, 5), PAGE_RESIDENT);
    assert_int_equal(pages_nr_paged(*state), 0);
}

static void a_nomination_can_be_given_up(void **state)
{
    pages_nominate(*state, 5);
    pages_give_up(*state, 5);
    assert_int_equal(pages_state(*state, 5), PAGE_RESIDENT);
    assert_none_newest(*state);
}

static void a_page_can_be_dropped_while_it_is_out(void **state)
{
    page_out(*state, 5);
    pages_drop(*state, 5);
    assert_int_equal(pages_state(*state, 5), PAGE_RESIDENT);
    assert_int_equal(pages_nr_paged(*state), 0);
    assert_none_newest(*state);
}

static void a_page_can_be_dropped_while_it_is_loading(void **state)
{
    page_out(*state, 5);
    page_out(*state, 6);
    pages_begin_load(*state, 5);
    pages_drop(*state, 5);
    assert_int_equal(pages_state(*state, 5), PAGE_RESIDENT);
    assert_int_equal(pages_nr_paged(*state), 1);
    assert_newest(*state, 6);
    assert_none_newest(*state);
}

static void each_gfn_keeps_its_own_slot(void **state)
{
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        page_out(*state, gfn);
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        assert_int_equal(pages_slot(*state, gfn), gfn + 7);
    assert_int_equal(pages_nr_paged(*state), NR_GFNS);
}

/* --- Slots that are kept. --- */

static void a_gfn_keeps_its_slot_until_it_is_nominated(void **state)
{
    assert_int_equal(pages_kept(*state, 5), STORE_SLOT_NONE);
    page_out(*state, 5);
    page_in(*state, 5);
    pages_keep(*state, 5, 12);
    assert_int_equal(pages_kept(*state, 5), 12);
    assert_int_equal(pages_kept(*state, 6), STORE_SLOT_NONE);
    assert_int_equal(pages_nr_kept(*state), 1);
    pages_nominate(*state, 5);
    assert_int_equal(pages_kept(*state, 5), STORE_SLOT_NONE);
    assert_int_equal(pages_nr_kept(*state), 0);
    pages_give_up(*state, 5);
    assert_int_equal(pages_kept(*state, 5), STORE_SLOT_NONE);
}

static void what_is_out_is_not_kept(void **state)
{
    page_out(*state, 5);
    assert_int_equal(pages_kept(*state, 5), STORE_SLOT_NONE);
    pages_begin_load(*state, 5);
    assert_int_equal(pages_kept(*state, 5), STORE_SLOT_NONE);
    pages_loaded(*state, 5);
    assert_int_equal(pages_kept(*state, 5), STORE_SLOT_NONE);
}

static void each_slot_that_is_kept_can_be_had_once(void **state)
{
    bool seen[NR_GFNS] = {false};
    uint32_t slot;

    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn += 3)
        pages_keep(*state, gfn, gfn);
    while (pages_nr_kept(*state)) {
        assert_true(pages_take_kept(*state, &slot));
        assert_false(seen[slot]);
        seen[slot] = true;
    }
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++) {
        assert_int_equal(seen[gfn], gfn % 3 == 0);
        assert_int_equal(pages_kept(*state, gfn), STORE_SLOT_NONE);
    }
    assert_false(pages_take_kept(*state, &slot));
}

/* A fault may have to wait for it. */
static void a_search_for_a_slot_ends_soon_and_goes_on_there(void **state)
{
    const uint32_t nr = 100000;
    struct pages *pages = create(nr);
    unsigned int searches = 1;
    uint32_t slot;

    (void)state;
    pages_keep(pages, nr - 1, 4);
    while (!pages_take_kept(pages, &slot))
        searches++;
    assert_int_equal(slot, 4);
    assert_int_equal(searches, nr / 8192 + 1);
    pages_keep(pages, nr - 2, 5); /* all around */
    while (!pages_take_kept(pages, &slot))
        assert_true(searches++ < 3 * (nr / 8192 + 1));
    assert_int_equal(slot, 5);
    pages_destroy(pages);
}

/* --- Moves that the picture does not show. --- */

typedef void move_fn(struct pages *pages, uint32_t gfn);

static void commit(struct pages *pages, uint32_t gfn)
{
    pages_commit(pages, gfn, 1);
}

static void ask_slot(struct pages *pages, uint32_t gfn)
{
    pages_slot(pages, gfn);
}

static void keep(struct pages *pages, uint32_t gfn)
{
    pages_keep(pages, gfn, 1);
}

static void keep_twice(struct pages *pages, uint32_t gfn)
{
    keep(pages, gfn);
    keep(pages, gfn);
}

/* Which moves are legal from which state: a row per move, RESIDENT NOMINATED PAGED LOADING. */
static const struct {
    move_fn *move;
    bool legal[4];
} moves[] = {
    {pages_nominate, {true, false, false, false}}, {pages_give_up, {false, true, false, false}},
    {commit, {false, true, false, false}},         {pages_begin_load, {false, false, true, false}},
    {pages_loaded, {false, false, false, true}},   {pages_drop, {false, false, true, true}},
    {ask_slot, {false, false, true, true}},        {keep, {true, false, false, false}},
    {keep_twice, {false, false, false, false}},
};

#define NR_MOVES (sizeof(moves) / sizeof(moves[0]))

struct trial {
    move_fn *move;
    enum page_state from;
};

static void try_move(void *arg)
{
    const struct trial *trial = arg;
    struct pages *pages = create(1);

    if (trial->from >= PAGE_NOMINATED)
        pages_nominate(pages, 0);
    if (trial->from >= PAGE_PAGED)
        pages_commit(pages, 0, 1);
    if (trial->from == PAGE_LOADING)
        pages_begin_load(pages, 0);
    trial->move(pages, 0);
    pages_destroy(pages);
}

static void only_the_moves_of_the_picture_are_made(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_MOVES; i++) {
        for (int from = PAGE_RESIDENT; from <= PAGE_LOADING; from++) {
            struct trial trial = {moves[i].move, (enum page_state)from};

            if (moves[i].legal[from])
                try_move(&trial);
            else
                assert_aborts(try_move, &trial);
        }
    }
}

static void ask_state_beyond_the_end(void *arg)
{
    pages_state(arg, NR_GFNS);
}

static void a_gfn_beyond_the_end_is_a_bug(void **state)
{
    assert_aborts(ask_state_beyond_the_end, *state);
}

/* --- The newest. --- */

static void the_newest_is_the_one_paged_out_last(void **state)
{
    static const uint32_t order[] = {500, 3, 999, 0, 40};

    assert_none_newest(*state);
    for (int i = 0; i < 5; i++)
        page_out(*state, order[i]);
    for (int i = 5; i-- > 0;)
        assert_newest(*state, order[i]);
    assert_none_newest(*state);
}

static void a_gfn_that_came_back_by_itself_is_not_the_newest(void **state)
{
    page_out(*state, 1);
    page_out(*state, 2);
    page_in(*state, 2);
    assert_newest(*state, 1);
}

static void a_gfn_paged_out_again_counts_by_its_last_time(void **state)
{
    page_out(*state, 1);
    page_out(*state, 2);
    page_in(*state, 1);
    page_out(*state, 1);
    assert_newest(*state, 1);
    assert_newest(*state, 2);
    assert_none_newest(*state);
}

static void a_gfn_that_is_loading_is_not_the_newest(void **state)
{
    page_out(*state, 1);
    page_out(*state, 2);
    pages_begin_load(*state, 2);
    assert_newest(*state, 1);
    assert_none_newest(*state);
    pages_loaded(*state, 2);
}

/* Of most gfns of a large guest nothing is known, nor looked at. */
static void beyond_what_is_remembered_those_without_room_are_passed_over(void **state)
{
    struct pages *pages = pages_create(10 * PART_GFNS + 7, NULL);
    const uint32_t low = 2 * PART_GFNS + 3, high = 7 * PART_GFNS;

    (void)state;
    assert_int_equal(pages_make_room(pages, low), 0);
    assert_int_equal(pages_make_room(pages, high), 0);
    page_out(pages, low);
    page_out(pages, high);
    for (uint32_t i = 0; i < REMEMBERED; i++) {
        page_out(pages, high + 1);
        page_in(pages, high + 1);
    }
    assert_newest(pages, high);
    assert_newest(pages, low);
    assert_none_newest(pages);
    pages_destroy(pages);
}

static void beyond_what_is_remembered_the_newest_go_by_falling_gfn(void **state)
{
    const uint32_t more = 10, nr = REMEMBERED + more;
    struct pages *pages = create(nr);

    (void)state;
    for (uint32_t gfn = 0; gfn < nr; gfn++)
        page_out(pages, gfn);
    for (uint32_t gfn = nr; gfn-- > more;)
        assert_newest(pages, gfn);
    for (uint32_t gfn = more; gfn-- > 0;)
        assert_newest(pages, gfn);
    assert_none_newest(pages);
    pages_destroy(pages);
}

static void what_was_forgotten_is_found_after_new_evictions_too(void **state)
{
    struct pages *pages = *state;

    for (uint32_t i = 0; i < REMEMBERED; i++) {
        page_out(pages, 7);
        page_in(pages, 7);
    }
    page_out(pages, 20);
    page_out(pages, 30);
    page_out(pages, 10);
    for (uint32_t i = 0; i < REMEMBERED; i++) {
        page_out(pages, 7);
        page_in(pages, 7);
    }
    assert_newest(pages, 30);
    page_out(pages, 50);
    assert_newest(pages, 50);
    assert_newest(pages, 20);
    assert_newest(pages, 10);
    assert_none_newest(pages);
}

/* --- Memory. --- */

static void a_table_grows_and_keeps_what_it_knows(void **state)
{
    page_out(*state, NR_GFNS - 1);
    assert_int_equal(pages_grow(*state, 100 * NR_GFNS), 0);
    assert_int_equal(pages_nr_gfns(*state), 100 * NR_GFNS);
    assert_int_equal(pages_state(*state, NR_GFNS - 1), PAGE_PAGED);
    assert_int_equal(pages_slot(*state, NR_GFNS - 1), NR_GFNS + 6);
    for (uint32_t gfn = NR_GFNS; gfn < 100 * NR_GFNS; gfn++)
        assert_int_equal(pages_state(*state, gfn), PAGE_RESIDENT);
}

static void room_is_made_in_parts(void **state)
{
    struct pages *pages = pages_create(2 * PART_GFNS + 1, NULL);

    (void)state;
    assert_int_equal(pages_next_with_room(pages, 0), pages_nr_gfns(pages));
    assert_int_equal(pages_make_room(pages, PART_GFNS + 5), 0);
    assert_false(pages_has_room(pages, PART_GFNS - 1));
    assert_true(pages_has_room(pages, PART_GFNS));
    assert_true(pages_has_room(pages, 2 * PART_GFNS - 1));
    assert_false(pages_has_room(pages, 2 * PART_GFNS));
    assert_int_equal(pages_next_with_room(pages, 0), PART_GFNS);
    assert_int_equal(pages_next_with_room(pages, PART_GFNS + 7), PART_GFNS + 7);
    assert_int_equal(pages_next_with_room(pages, 2 * PART_GFNS), pages_nr_gfns(pages));
    assert_int_equal(pages_make_room(pages, 2 * PART_GFNS), 0);
    assert_int_equal(pages_next_with_room(pages, 2 * PART_GFNS), 2 * PART_GFNS);
    assert_int_equal(pages_next_with_room(pages, UINT64_C(1) << 32), pages_nr_gfns(pages));
    pages_destroy(pages);
}

/* What the last part had no gfns for is there when it gets them. */
static void a_part_that_grows_has_room_for_all_of_it(void **state)
{
    assert_int_equal(pages_grow(*state, PART_GFNS), 0);
    page_out(*state, PART_GFNS - 1);
    assert_newest(*state, PART_GFNS - 1);
}

static void nominate_5(void *pages)
{
    pages_nominate(pages, 5);
}

static void a_gfn_without_room_cannot_be_nominated(void **state)
{
    struct pages *pages = pages_create(NR_GFNS, NULL);

    (void)state;
    assert_int_equal(pages_state(pages, 5), PAGE_RESIDENT);
    assert_int_equal(pages_entry(pages, 5), INDEX_NONE);
    assert_aborts(nominate_5, pages);
    pages_destroy(pages);
}

static void a_table_never_shrinks(void **state)
{
    assert_int_equal(pages_grow(*state, 1), 0);
    assert_int_equal(pages_nr_gfns(*state), NR_GFNS);
}

static int create_and_grow(void *arg)
{
    struct pages *pages = pages_create(NR_GFNS, NULL);
    int rc;

    (void)arg;
    if (!pages)
        return -errno;
    rc = pages_grow(pages, 100 * NR_GFNS);
    assert_int_equal(pages_nr_gfns(pages), rc ? NR_GFNS : 100 * NR_GFNS);
    assert_int_equal(pages_state(pages, NR_GFNS - 1), PAGE_RESIDENT);
    pages_destroy(pages);
    return rc;
}

static void no_memory_changes_nothing(void **state)
{
    (void)state;
    check_every_failure(create_and_grow, NULL);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    pages_destroy(NULL);
}

#define WITH_PAGES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAGES(all_gfns_are_resident_at_first),
        WITH_PAGES(a_page_goes_out_and_comes_back),
        WITH_PAGES(a_nomination_can_be_given_up),
        WITH_PAGES(a_page_can_be_dropped_while_it_is_out),
        WITH_PAGES(a_page_can_be_dropped_while_it_is_loading),
        WITH_PAGES(each_gfn_keeps_its_own_slot),
        WITH_PAGES(a_gfn_keeps_its_slot_until_it_is_nominated),
        WITH_PAGES(what_is_out_is_not_kept),
        WITH_PAGES(each_slot_that_is_kept_can_be_had_once),
        cmocka_unit_test(a_search_for_a_slot_ends_soon_and_goes_on_there),
        cmocka_unit_test(only_the_moves_of_the_picture_are_made),
        WITH_PAGES(a_gfn_beyond_the_end_is_a_bug),
        WITH_PAGES(the_newest_is_the_one_paged_out_last),
        WITH_PAGES(a_gfn_that_came_back_by_itself_is_not_the_newest),
        WITH_PAGES(a_gfn_paged_out_again_counts_by_its_last_time),
        WITH_PAGES(a_gfn_that_is_loading_is_not_the_newest),
        cmocka_unit_test(beyond_what_is_remembered_those_without_room_are_passed_over),
        cmocka_unit_test(beyond_what_is_remembered_the_newest_go_by_falling_gfn),
        WITH_PAGES(what_was_forgotten_is_found_after_new_evictions_too),
        WITH_PAGES(a_table_grows_and_keeps_what_it_knows),
        WITH_PAGES(a_table_never_shrinks),
        cmocka_unit_test(room_is_made_in_parts),
        WITH_PAGES(a_part_that_grows_has_room_for_all_of_it),
        cmocka_unit_test(a_gfn_without_room_cannot_be_nominated),
        cmocka_unit_test(no_memory_changes_nothing),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
