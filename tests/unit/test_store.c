/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store over an engine in memory; the engine for files is in test_store_file.c. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "failing.h"
#include "fake_engine.h"
#include "fake_time.h"
#include "loop.h"
#include "page.h"
#include "store.h"
#include "store_engine.h"

struct page {
    _Alignas(PAGE_BYTES) unsigned char bytes[PAGE_BYTES];
};

static struct event_base *base;
static struct store *store;
static struct page out, in;
static int nr_done;

static int open_store(uint64_t max_pages)
{
    const struct store_options options = {.where = "/nowhere", .max_pages = max_pages};
    char message[256];

    return store_open(base, &options, &store, message, sizeof(message));
}

static int setup(void **state)
{
    *state = NULL;
    fake_engine_reset();
    fake_engine.in_use = true;
    fake_time_begin();
    base = loop_create();
    return open_store(0);
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    event_base_free(base);
    fake_time_end();
    fake_engine_reset();
    return 0;
}

/* Another store in the place of the one from setup(). */
static void reopen(uint64_t max_pages)
{
    store_close(store);
    assert_int_equal(open_store(max_pages), 0);
}

static void fill(struct page *page, unsigned int seed)
{
    for (size_t i = 0; i < PAGE_BYTES; i++)
        page->bytes[i] = (unsigned char)(seed * 31 + i / 7 + 1);
}

static void count_done(struct store_io *io)
{
    (void)io;
    nr_done++;
}

/* done() must come from the loop, once, and not from within the call. */
static int finish(struct store_io *io)
{
    assert_int_equal(nr_done, 0);
    loop_settle(base);
    assert_int_equal(nr_done, 1);
    return io->error;
}

static bool was_clean;

/* *slot is one that was kept, or STORE_SLOT_NONE. */
static int page_out_again(uint32_t gfn, const struct page *page, uint32_t *slot)
{
    struct store_io io = {.gfn = gfn, .slot = *slot, .done = count_done};
    int rc;

    nr_done = 0;
    out = *page;
    io.page = &out;
    store_page_out(store, &io);
    rc = finish(&io);
    memset(&out, 0xdd, sizeof(out)); /* from now on it may change */
    *slot = io.slot;
    was_clean = io.is_clean;
    return rc;
}

static int page_out(uint32_t gfn, const struct page *page, uint32_t *slot)
{
    int rc;

    *slot = STORE_SLOT_NONE;
    rc = page_out_again(gfn, page, slot);
    assert_false(was_clean);
    return rc;
}

static int page_in(uint32_t gfn, uint32_t slot)
{
    struct store_io io = {.page = &in, .gfn = gfn, .slot = slot, .done = count_done};

    nr_done = 0;
    memset(&in, 0xdd, sizeof(in));
    store_page_in(store, &io, STORE_FAULT);
    return finish(&io);
}

static uint32_t put(uint32_t gfn, unsigned int seed)
{
    struct page page;
    uint32_t slot;

    fill(&page, seed);
    assert_int_equal(page_out(gfn, &page, &slot), 0);
    return slot;
}

static void assert_gets(uint32_t gfn, uint32_t slot, unsigned int seed)
{
    struct page page;

    fill(&page, seed);
    assert_int_equal(page_in(gfn, slot), 0);
    assert_memory_equal(&in, &page, PAGE_BYTES);
}

static void a_page_comes_back_as_it_went(void **state)
{
    uint32_t slot = put(5, 1);

    (void)state;
    assert_true(slot < STORE_SLOT_ZERO);
    assert_int_equal(store_bytes(store), PAGE_BYTES);
    assert_gets(5, slot, 1);
    assert_gets(5, slot, 1); /* reading keeps it */
    store_free(store, slot);
    assert_int_equal(store_bytes(store), 0);
}

static void each_page_has_a_slot_of_its_own(void **state)
{
    uint32_t slots[300];

    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        slots[i] = put(i, i);
    assert_int_equal(store_bytes(store), 300 * PAGE_BYTES);
    for (uint32_t i = 0; i < 300; i++)
        assert_gets(i, slots[i], i);
}

/* --- Pages of zeros. --- */

static void a_page_of_zeros_takes_no_slot_and_no_io(void **state)
{
    const struct page zeros = {{0}};
    uint32_t slot;

    (void)state;
    assert_int_equal(page_out(5, &zeros, &slot), 0);
    assert_int_equal(slot, STORE_SLOT_ZERO);
    assert_int_equal(store_bytes(store), 0);
    assert_int_equal(page_in(5, slot), 0);
    assert_memory_equal(&in, &zeros, PAGE_BYTES);
    assert_int_equal(fake_engine.nr_writes + fake_engine.nr_reads, 0);
    store_free(store, slot);
    assert_int_equal(store_bytes(store), 0);
}

static void one_byte_makes_a_page_not_zero(void **state)
{
    static const size_t at[] = {0, 1, 7, 8, 2047, 2048, PAGE_BYTES - 2, PAGE_BYTES - 1};

    (void)state;
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        struct page page = {{0}};
        uint32_t slot;

        page.bytes[at[i]] = 1;
        assert_int_equal(page_out(5, &page, &slot), 0);
        assert_true(slot < STORE_SLOT_ZERO);
        assert_int_equal(page_in(5, slot), 0);
        assert_memory_equal(&in, &page, PAGE_BYTES);
    }
}

static void send_again(struct store_io *io)
{
    io->slot = STORE_SLOT_NONE;
    if (++nr_done < 1000)
        store_page_out(store, io);
    event_base_loopbreak(base);
}

/* Else a stream of such pages would keep all else from the loop. */
static void who_is_told_of_a_page_of_zeros_may_come_with_the_next_one(void **state)
{
    struct page zeros = {{0}};
    struct store_io io = {.page = &zeros, .gfn = 5, .slot = STORE_SLOT_NONE, .done = send_again};

    (void)state;
    nr_done = 0;
    store_page_out(store, &io);
    event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(nr_done, 1);
}

/* --- Slots. --- */

static void a_freed_slot_is_used_again(void **state)
{
    uint32_t slot = put(5, 1);

    (void)state;
    store_free(store, slot);
    assert_int_equal(put(6, 2), slot);
    assert_gets(6, slot, 2);
}

static void the_engine_is_told_of_each_slot_that_is_given_back(void **state)
{
    const struct page zeros = {{0}};
    struct page page;
    uint32_t slot = put(5, 1), none;

    (void)state;
    store_free(store, slot);
    assert_int_equal(fake_engine.nr_released, 1);
    fill(&page, 2);
    fake_engine.fail_writes = 1;
    assert_int_equal(page_out(6, &page, &none), -EIO);
    assert_int_equal(fake_engine.nr_released, 2); /* it may have been written in part */
    assert_int_equal(page_out(7, &zeros, &slot), 0);
    store_free(store, slot);
    assert_int_equal(fake_engine.nr_released, 2); /* the engine never heard of it */
}

static void slots_never_outnumber_the_pages_held_at_once(void **state)
{
    uint32_t slots[100], highest = 0;

    (void)state;
    for (unsigned int round = 0; round < 30; round++) {
        for (uint32_t i = 0; i < 100; i++) {
            slots[i] = put(i, round);
            highest = slots[i] > highest ? slots[i] : highest;
        }
        for (uint32_t i = 0; i < 100; i++) /* in another order */
            store_free(store, slots[(i * 37 + round) % 100]);
    }
    assert_true(highest < 100);
    assert_int_equal(store_bytes(store), 0);
}

static void the_store_grows_beyond_its_first_slots(void **state)
{
    static uint32_t slots[9000];

    (void)state;
    for (uint32_t i = 0; i < 9000; i++)
        slots[i] = put(i, i);
    assert_int_equal(store_bytes(store), 9000 * PAGE_BYTES);
    for (uint32_t i = 0; i < 9000; i += 97)
        assert_gets(i, slots[i], i);
}

static void beyond_max_pages_there_is_no_space(void **state)
{
    struct page page;
    uint32_t slot, first;

    (void)state;
    reopen(2);
    first = put(1, 1);
    put(2, 2);
    fill(&page, 3);
    assert_int_equal(page_out(3, &page, &slot), -ENOSPC);
    assert_int_equal(slot, STORE_SLOT_NONE);
    assert_int_equal(store_bytes(store), 2 * PAGE_BYTES);
    store_free(store, first);
    assert_int_equal(put(3, 3), first);
    memset(&page, 0, sizeof(page));
    assert_int_equal(page_out(4, &page, &slot), 0); /* zeros always fit */
}

static void no_more_slots_are_used_than_the_engine_has(void **state)
{
    struct page page;
    uint32_t slot;

    (void)state;
    fake_engine.max_slots = 3;
    reopen(100);
    for (uint32_t i = 0; i < 3; i++)
        put(i, i);
    fill(&page, 3);
    assert_int_equal(page_out(3, &page, &slot), -ENOSPC);
}

static void a_failed_write_holds_no_slot(void **state)
{
    struct page page;
    uint32_t slot;

    (void)state;
    fill(&page, 1);
    fake_engine.fail_writes = 1;
    fake_engine.error = -EIO;
    assert_int_equal(page_out(5, &page, &slot), -EIO);
    assert_int_equal(slot, STORE_SLOT_NONE);
    assert_int_equal(store_bytes(store), 0);
    assert_int_equal(put(5, 1), 0); /* the first slot of all */
}

static void a_slot_that_the_engine_does_not_want_is_used_by_nobody(void **state)
{
    struct page page;
    uint32_t slot;

    (void)state;
    fake_engine.max_slots = 4;
    reopen(100);
    fake_engine.fail_writes = 2;
    fake_engine.error = STORE_ELSEWHERE;
    assert_int_equal(put(5, 1), 2);
    assert_int_equal(store_bytes(store), PAGE_BYTES);
    assert_int_equal(fake_engine.nr_released, 0);
    assert_gets(5, 2, 1);
    assert_int_equal(put(6, 2), 3);
    fill(&page, 3);
    assert_int_equal(page_out(7, &page, &slot), -ENOSPC);
}

static void free_twice(void *arg)
{
    uint32_t slot = put(5, 1);

    (void)arg;
    store_free(store, slot);
    store_free(store, slot);
}

static void free_nowhere(void *arg)
{
    (void)arg;
    put(5, 1);
    store_free(store, 1000000);
}

static void freeing_what_is_not_held_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(free_twice, NULL);
    assert_aborts(free_nowhere, NULL);
}

/* --- Slots that are kept. --- */

static void a_page_that_is_in_its_slot_is_not_written(void **state)
{
    uint32_t slot = put(5, 1), kept = slot;
    struct page page;

    (void)state;
    fill(&page, 1);
    assert_int_equal(page_out_again(5, &page, &slot), 0);
    assert_true(was_clean);
    assert_int_equal(slot, kept);
    assert_int_equal(fake_engine.nr_writes, 1);
    assert_int_equal(fake_engine.nr_released, 0);
    assert_int_equal(store_bytes(store), PAGE_BYTES);
    assert_gets(5, slot, 1);
}

/* Each time another byte of it. */
static void a_page_that_has_changed_is_written(void **state)
{
    static const size_t at[] = {0, 1, 2047, PAGE_BYTES - 1};
    uint32_t slot = put(5, 1);
    struct page page;

    (void)state;
    fill(&page, 1);
    for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        page.bytes[at[i]] ^= 4;
        assert_int_equal(page_out_again(5, &page, &slot), 0);
        assert_false(was_clean);
        assert_int_equal(fake_engine.nr_writes, 2 + i);
        assert_int_equal(store_bytes(store), PAGE_BYTES);
        assert_int_equal(page_in(5, slot), 0);
        assert_memory_equal(&in, &page, PAGE_BYTES);
    }
}

static void a_page_that_has_become_zeros_gives_its_slot_back(void **state)
{
    const struct page zeros = {{0}};
    uint32_t slot = put(5, 1);

    (void)state;
    assert_int_equal(page_out_again(5, &zeros, &slot), 0);
    assert_false(was_clean);
    assert_int_equal(slot, STORE_SLOT_ZERO);
    assert_int_equal(store_bytes(store), 0);
}

static void a_page_that_has_changed_and_cannot_be_written_holds_no_slot(void **state)
{
    uint32_t slot = put(5, 1);
    struct page page;

    (void)state;
    fill(&page, 2);
    fake_engine.fail_writes = 1;
    assert_int_equal(page_out_again(5, &page, &slot), -EIO);
    assert_int_equal(slot, STORE_SLOT_NONE);
    assert_int_equal(store_bytes(store), 0);
}

/*
 * Programs in the guest may be enemies of each other: one must not be able to make a page that is
 * taken for another's. With XXH3's own secret and a seed of generation and gfn that is as easy as
 * this: two words are multiplied by 0, and so their upper halves can change places.
 */
static void who_knows_gfn_and_generation_cannot_make_a_page_that_passes(void **state)
{
    static const uint64_t secret[2] = {0xbe4ba423396cfeb8, 0x1cad21f72c81017c}; /* its beginning */
    const uint32_t gfn = 5;
    const uint64_t low[2] = {(uint32_t)(secret[0] + gfn), (uint32_t)(secret[1] - gfn)};
    uint32_t slot = STORE_SLOT_NONE;
    struct page page = {{0}};

    (void)state;
    for (uint64_t other = 0; other < 2; other++) {
        const uint64_t words[2] = {low[0] | (other + 1) << 32, low[1] | (2 - other) << 32};

        memcpy(page.bytes, &words[0], sizeof(words[0]));
        memcpy(page.bytes + 64, &words[1], sizeof(words[1])); /* of the next stripe */
        assert_int_equal(page_out_again(gfn, &page, &slot), 0);
        assert_false(was_clean);
    }
}

static void page_out_to_anothers_slot(void *arg)
{
    uint32_t slot = put(5, 1);
    struct page page;

    (void)arg;
    fill(&page, 1);
    page_out_again(6, &page, &slot);
}

static void keeping_another_gfns_slot_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(page_out_to_anothers_slot, NULL);
}

static void only_slots_that_take_no_memory_may_be_kept(void **state)
{
    uint32_t slot = put(5, 1);

    (void)state;
    assert_false(store_may_keep(store, slot));
    fake_engine.is_outside = true;
    assert_true(store_may_keep(store, slot));
    assert_false(store_may_keep(store, STORE_SLOT_ZERO));
}

static void slots_may_be_kept_while_there_is_room(void **state)
{
    uint32_t slots[32];

    (void)state;
    fake_engine.is_outside = true;
    reopen(32);
    for (uint32_t i = 0; i < 32; i++) {
        slots[i] = put(i, i);
        assert_int_equal(store_may_keep(store, slots[i]), i + 1 < 30);
    }
    for (uint32_t i = 0; i < 3; i++)
        store_free(store, slots[i]);
    assert_true(store_may_keep(store, slots[3]));
}

/* Other files may take the space, and give it back. */
static void room_is_what_was_there_before_the_last_failure(void **state)
{
    uint32_t slots[64], none;
    struct page page;

    (void)state;
    fake_engine.is_outside = true;
    for (uint32_t i = 0; i < 32; i++)
        slots[i] = put(i, i);
    assert_true(store_may_keep(store, slots[0]));
    fake_engine.fail_writes = 1;
    fake_engine.error = -ENOSPC;
    fill(&page, 1);
    assert_int_equal(page_out(32, &page, &none), -ENOSPC);
    assert_false(store_may_keep(store, slots[0]));
    for (uint32_t i = 0; i < 3; i++)
        store_free(store, slots[i]);
    assert_true(store_may_keep(store, slots[3]));
    for (uint32_t i = 32; i < 36; i++)
        slots[i] = put(i, i);
    assert_true(store_may_keep(store, slots[3]));
}

static void an_error_that_is_not_for_want_of_space_takes_no_room(void **state)
{
    uint32_t slot = put(5, 1), none;
    struct page page;

    (void)state;
    fake_engine.is_outside = true;
    fake_engine.fail_writes = 1;
    fill(&page, 1);
    assert_int_equal(page_out(6, &page, &none), -EIO);
    assert_true(store_may_keep(store, slot));
}

/* --- Wrong bytes are never handed over as if they were right. --- */

static void one_wrong_bit_is_found(void **state)
{
    uint32_t slot = put(5, 1);

    (void)state;
    fake_engine_corrupt(slot);
    assert_int_equal(page_in(5, slot), -EBADMSG);
    fake_engine_corrupt(slot); /* the bit is back */
    assert_gets(5, slot, 1);
}

static void a_page_at_the_wrong_place_is_found(void **state)
{
    uint32_t one = put(5, 1), other = put(6, 2);

    (void)state;
    fake_engine_copy(one, other);
    assert_int_equal(page_in(6, other), -EBADMSG);
    assert_gets(5, one, 1);
}

/* The same bytes, but of another gfn: a mistake of ours, which must not get through either. */
static void a_slot_of_another_gfn_is_refused(void **state)
{
    uint32_t slot = put(5, 1);

    (void)state;
    assert_int_equal(page_in(6, slot), -EBADMSG);
}

static void a_page_of_the_same_bytes_elsewhere_does_not_pass(void **state)
{
    uint32_t one = put(5, 1), other = put(6, 1);

    (void)state;
    assert_gets(5, one, 1);
    assert_gets(6, other, 1);
    assert_int_equal(page_in(6, one), -EBADMSG);
    assert_int_equal(page_in(5, other), -EBADMSG);
}

/* A write that never reached the medium leaves the page that was there before. */
static void an_outdated_page_is_found(void **state)
{
    uint32_t old = put(5, 1), kept, slot;

    (void)state;
    kept = put(7, 7);
    fake_engine_copy(old, kept);
    store_free(store, old);
    slot = put(5, 2);
    assert_int_equal(slot, old);
    fake_engine_copy(kept, slot);
    assert_int_equal(page_in(5, slot), -EBADMSG);
}

static void a_read_error_comes_up_as_it_is(void **state)
{
    uint32_t slot = put(5, 1);

    (void)state;
    fake_engine.fail_reads = 1;
    fake_engine.error = -EIO;
    assert_int_equal(page_in(5, slot), -EIO);
    assert_gets(5, slot, 1);
}

/* --- Opening and closing. --- */

static void closing_forgets_what_is_under_way(void **state)
{
    struct page page, zeros = {{0}};
    struct store_io slow = {.page = &page, .slot = STORE_SLOT_NONE, .done = count_done};
    struct store_io quick = {.page = &zeros, .slot = STORE_SLOT_NONE, .done = count_done};

    (void)state;
    fill(&page, 1);
    nr_done = 0;
    fake_engine.hold = true;
    store_page_out(store, &slow);
    store_page_out(store, &quick);
    store_close(store);
    loop_settle(base);
    assert_int_equal(nr_done, 0);
    assert_int_equal(open_store(0), 0);
}

static void removing_is_the_engines_business(void **state)
{
    (void)state;
    assert_false(fake_engine.removed);
    store_remove(store);
    assert_true(fake_engine.removed);
    assert_gets(5, put(5, 1), 1); /* and the store goes on working */
}

static void closing_nothing_is_allowed(void **state)
{
    (void)state;
    store_close(NULL);
}

static int open_and_use(void *arg)
{
    struct page page;
    uint32_t slot;
    int rc = open_store(0);

    (void)arg;
    if (rc)
        return rc;
    fill(&page, 1);
    rc = page_out(5, &page, &slot);
    assert_int_equal(store_bytes(store), rc ? 0 : PAGE_BYTES);
    store_close(store);
    return rc;
}

static void failure_to_open_or_to_grow_leaves_nothing_behind(void **state)
{
    (void)state;
    fake_engine_reset();
    fake_engine.in_use = true;
    base = loop_create();
    check_every_failure(open_and_use, NULL);
    event_base_free(base);
    fake_engine_reset();
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_page_comes_back_as_it_went),
        WITH_STORE(each_page_has_a_slot_of_its_own),
        WITH_STORE(a_page_of_zeros_takes_no_slot_and_no_io),
        WITH_STORE(who_is_told_of_a_page_of_zeros_may_come_with_the_next_one),
        WITH_STORE(one_byte_makes_a_page_not_zero),
        WITH_STORE(a_freed_slot_is_used_again),
        WITH_STORE(the_engine_is_told_of_each_slot_that_is_given_back),
        WITH_STORE(slots_never_outnumber_the_pages_held_at_once),
        WITH_STORE(the_store_grows_beyond_its_first_slots),
        WITH_STORE(beyond_max_pages_there_is_no_space),
        WITH_STORE(no_more_slots_are_used_than_the_engine_has),
        WITH_STORE(a_failed_write_holds_no_slot),
        WITH_STORE(a_slot_that_the_engine_does_not_want_is_used_by_nobody),
        WITH_STORE(freeing_what_is_not_held_is_a_bug),
        WITH_STORE(a_page_that_is_in_its_slot_is_not_written),
        WITH_STORE(a_page_that_has_changed_is_written),
        WITH_STORE(a_page_that_has_become_zeros_gives_its_slot_back),
        WITH_STORE(a_page_that_has_changed_and_cannot_be_written_holds_no_slot),
        WITH_STORE(who_knows_gfn_and_generation_cannot_make_a_page_that_passes),
        WITH_STORE(keeping_another_gfns_slot_is_a_bug),
        WITH_STORE(only_slots_that_take_no_memory_may_be_kept),
        WITH_STORE(slots_may_be_kept_while_there_is_room),
        WITH_STORE(room_is_what_was_there_before_the_last_failure),
        WITH_STORE(an_error_that_is_not_for_want_of_space_takes_no_room),
        WITH_STORE(one_wrong_bit_is_found),
        WITH_STORE(a_page_at_the_wrong_place_is_found),
        WITH_STORE(a_slot_of_another_gfn_is_refused),
        WITH_STORE(a_page_of_the_same_bytes_elsewhere_does_not_pass),
        WITH_STORE(an_outdated_page_is_found),
        WITH_STORE(a_read_error_comes_up_as_it_is),
        WITH_STORE(closing_forgets_what_is_under_way),
        WITH_STORE(removing_is_the_engines_business),
        cmocka_unit_test(closing_nothing_is_allowed),
        cmocka_unit_test(failure_to_open_or_to_grow_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
