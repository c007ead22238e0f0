/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is given back is emptied, and nothing else. test_store_file.c has the file's side of it. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "failing.h"
#include "fake_time.h"
#include "holes.h"
#include "loop.h"

#define NR 70000

enum content { NOTHING, WRITTEN, EMPTIED };

static struct event_base *base;
static struct holes *holes;
static enum content contents[NR];
static struct store_io *under_way; /* a hole */
static unsigned int nr_holes;
static int error;

static void submit(void *arg, struct store_io *io)
{
    assert_ptr_equal(arg, &base);
    if (io->urgency != STORE_HOLE) { /* what was held */
        contents[io->slot] = WRITTEN;
        return;
    }
    assert_null(under_way); /* one at a time */
    assert_in_range(((struct hole *)io)->nr, 1, HOLES_MAX_NR);
    nr_holes++;
    under_way = io;
}

static void finish_hole(void)
{
    struct store_io *io = under_way;
    const struct hole *hole = (const struct hole *)io;

    for (uint32_t i = 0; !error && i < hole->nr; i++)
        contents[io->slot + i] = EMPTIED;
    io->error = error;
    under_way = NULL;
    io->engine_done(io);
}

static int setup(void **state)
{
    *state = NULL;
    memset(contents, 0, sizeof(contents));
    under_way = NULL;
    nr_holes = 0;
    error = 0;
    fake_time_begin();
    base = loop_create();
    return holes_create(base, submit, &base, &holes);
}

static int teardown(void **state)
{
    (void)state;
    holes_destroy(holes);
    event_base_free(base);
    fake_time_end();
    return 0;
}

static void write_slot(uint32_t slot)
{
    static struct store_io io = {.urgency = STORE_PAGE_OUT};

    io.slot = slot;
    assert_int_equal(holes_before_write(holes, slot), 0);
    assert_false(holes_hold(holes, &io));
    contents[slot] = WRITTEN;
}

static bool a_hole_is_begun(void *arg)
{
    (void)arg;
    return under_way;
}

static void make_all_holes(void)
{
    while (holes_nr_left(holes) || under_way) {
        loop_until(base, a_hole_is_begun, NULL);
        finish_hole();
    }
}

static void what_was_given_back_is_emptied_and_nothing_else(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        write_slot(i);
    for (uint32_t i = 0; i < 1000; i += i % 7 ? 1 : 3)
        holes_after_release(holes, i);
    make_all_holes();
    for (uint32_t i = 0, next = 0; i < 1000; i++) {
        bool given_back = i == next;

        assert_int_equal(contents[i], given_back ? EMPTIED : WRITTEN);
        if (given_back)
            next += next % 7 ? 1 : 3;
    }
}

static void neighbours_make_one_hole(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 130; i++)
        write_slot(i);
    for (uint32_t i = 130; i--;)
        holes_after_release(holes, i);
    make_all_holes();
    assert_int_equal(nr_holes, 3); /* of 64 slots at most */
}

static void what_is_written_again_first_is_left_alone(void **state)
{
    (void)state;
    write_slot(1);
    write_slot(2);
    holes_after_release(holes, 1);
    holes_after_release(holes, 2);
    write_slot(1);
    assert_int_equal(holes_nr_left(holes), 1);
    make_all_holes();
    assert_int_equal(contents[1], WRITTEN);
    assert_int_equal(contents[2], EMPTIED);
}

/* Else the hole would be made in the page that is new. */
static void a_write_waits_for_the_hole_at_its_place(void **state)
{
    struct store_io io = {.urgency = STORE_PAGE_OUT, .slot = 11};

    (void)state;
    for (uint32_t i = 10; i < 13; i++)
        write_slot(i);
    for (uint32_t i = 10; i < 12; i++)
        holes_after_release(holes, i);
    loop_until(base, a_hole_is_begun, NULL);
    write_slot(12); /* beside it */
    write_slot(9);
    assert_int_equal(holes_before_write(holes, 11), 0);
    assert_true(holes_hold(holes, &io));
    assert_int_equal(contents[11], WRITTEN); /* with what was there */
    contents[11] = NOTHING;
    finish_hole();
    assert_int_equal(contents[10], EMPTIED);
    assert_int_equal(contents[11], WRITTEN);
    assert_false(holes_hold(holes, &io));
}

static void no_more_than_some_are_emptied_in_an_interval(void **state)
{
    int64_t start = fake_time_ms();

    (void)state;
    for (uint32_t i = 0; i < 400; i++)
        write_slot(i * 2);
    for (uint32_t i = 0; i < 400; i++)
        holes_after_release(holes, i * 2);
    make_all_holes();
    assert_int_equal(nr_holes, 400);
    assert_in_range(fake_time_ms() - start, (400 / HOLES_AT_ONCE - 1) * HOLES_INTERVAL_MS,
                    (400 / HOLES_AT_ONCE + 2) * HOLES_INTERVAL_MS);
}

static void far_and_near_are_found(void **state)
{
    (void)state;
    write_slot(NR - 1);
    write_slot(3);
    holes_after_release(holes, NR - 1);
    make_all_holes();
    holes_after_release(holes, 3);
    make_all_holes();
    assert_int_equal(contents[NR - 1], EMPTIED);
    assert_int_equal(contents[3], EMPTIED);
}

static void what_was_never_written_is_left_alone(void **state)
{
    (void)state;
    holes_after_release(holes, 5);
    holes_after_release(holes, NR);
    assert_int_equal(holes_nr_left(holes), 0);
}

static void what_cannot_be_emptied_is_given_up_and_the_next_one_tried(void **state)
{
    (void)state;
    write_slot(1);
    write_slot(100);
    holes_after_release(holes, 1);
    holes_after_release(holes, 100);
    error = -EIO;
    loop_until(base, a_hole_is_begun, NULL);
    finish_hole();
    error = 0;
    make_all_holes();
    assert_int_equal(contents[1], WRITTEN);
    assert_int_equal(contents[100], EMPTIED);
    assert_int_equal(nr_holes, 2);
}

static int create_and_destroy(void *arg)
{
    int rc = holes_create(base, submit, &base, &holes);

    (void)arg;
    if (rc)
        return rc;
    rc = holes_before_write(holes, 1);
    holes_destroy(holes);
    return rc;
}

static void failure_leaves_nothing_behind(void **state)
{
    (void)state;
    base = loop_create();
    check_every_failure(create_and_destroy, NULL);
    event_base_free(base);
    holes_destroy(NULL);
}

#define WITH_HOLES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOLES(what_was_given_back_is_emptied_and_nothing_else),
        WITH_HOLES(neighbours_make_one_hole),
        WITH_HOLES(what_is_written_again_first_is_left_alone),
        WITH_HOLES(a_write_waits_for_the_hole_at_its_place),
        WITH_HOLES(no_more_than_some_are_emptied_in_an_interval),
        WITH_HOLES(far_and_near_are_found),
        WITH_HOLES(what_was_never_written_is_left_alone),
        WITH_HOLES(what_cannot_be_emptied_is_given_up_and_the_next_one_tried),
        cmocka_unit_test(failure_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("holes", tests, NULL, NULL);
}
