/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store in memory, alone and as the first of two tiers, of which the second is a fake. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "fake_engine.h"
#include "loop.h"
#include "sample_pages.h"
#include "store.h"

#define MIB (UINT64_C(1) << 20)
#define NOISE PAGE_BYTES
#define TEXT 800 /* bytes of noise in a page that packs well */

static struct event_base *base;
static struct store *store;
static struct sample_page out, in;
static int nr_done;

static int open_store(const char *where)
{
    const struct store_options options = {.where = where};
    char message[256];

    return store_open(base, &options, &store, message, sizeof(message));
}

static int setup(void **state)
{
    fake_engine_reset();
    fake_engine.in_use = true;
    base = loop_create();
    return open_store(*state);
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    event_base_free(base);
    fake_engine_reset();
    return 0;
}

static void count_done(struct store_io *io)
{
    (void)io;
    nr_done++;
}

static int nr_done_before_read;

static void note_read(struct store_io *io)
{
    nr_done_before_read = nr_done;
    count_done(io);
}

static int finish(struct store_io *io)
{
    assert_int_equal(nr_done, 0);
    loop_settle(base);
    assert_int_equal(nr_done, 1);
    return io->error;
}

static int page_out(uint32_t gfn, size_t noise, uint32_t *slot)
{
    struct store_io io = {.page = &out, .gfn = gfn, .slot = STORE_SLOT_NONE, .done = count_done};
    int rc;

    nr_done = 0;
    sample_page_fill(&out, gfn, noise);
    store_page_out(store, &io);
    rc = finish(&io);
    *slot = io.slot;
    return rc;
}

static uint32_t put(uint32_t gfn, size_t noise)
{
    uint32_t slot;

    assert_int_equal(page_out(gfn, noise, &slot), 0);
    return slot;
}

static void assert_gets(uint32_t gfn, size_t noise, uint32_t slot)
{
    struct store_io io = {.page = &in, .gfn = gfn, .slot = slot, .done = count_done};

    nr_done = 0;
    sample_page_fill(&out, gfn, noise);
    memset(&in, 0xdd, sizeof(in));
    store_page_in(store, &io, STORE_FAULT);
    assert_int_equal(finish(&io), 0);
    assert_memory_equal(&in, &out, PAGE_BYTES);
}

static void pages_of_all_kinds_come_back(void **state)
{
    uint32_t slots[65];

    (void)state;
    for (uint32_t i = 0; i <= 64; i++)
        slots[i] = put(i, i * 64);
    for (uint32_t i = 0; i <= 64; i++) {
        assert_gets(i, i * 64, slots[i]);
        assert_gets(i, i * 64, slots[i]); /* reading keeps it */
    }
}

static unsigned int fill_up(size_t noise, uint32_t *slots, unsigned int most)
{
    unsigned int nr = 0;

    while (nr < most && !page_out(nr, noise, &slots[nr]))
        nr++;
    return nr;
}

/* Then there is no space, and what is freed makes some. */
static void the_limit_counts_what_pages_take_packed(void **state)
{
    static uint32_t slots[8192];
    unsigned int raw = fill_up(NOISE, slots, 8192), packed;
    uint32_t slot;

    (void)state;
    assert_in_range(raw, 400, 512); /* of 2 MiB */
    assert_int_equal(page_out(1, NOISE, &slot), -ENOSPC);
    assert_int_equal(slot, STORE_SLOT_NONE);
    assert_int_equal(store_bytes(store), raw * PAGE_BYTES);
    for (unsigned int i = 0; i < raw; i++)
        assert_gets(i, NOISE, slots[i]);
    for (unsigned int i = 0; i < raw; i++)
        store_free(store, slots[i]);
    packed = fill_up(TEXT, slots, 8192);
    assert_in_range(packed, raw * 4, raw * 5);
    for (unsigned int i = 0; i < packed; i++)
        assert_gets(i, TEXT, slots[i]);
}

static struct store_io wanted;

static void first_is_done(struct store_io *io)
{
    count_done(io);
    store_page_in(store, &wanted, STORE_FAULT);
}

/* However much is waiting to be packed, a page that is wanted comes before the next few. */
static void a_page_in_does_not_wait_for_many_page_outs(void **state)
{
    static struct sample_page pages[200];
    static struct store_io ios[200];

    (void)state;
    wanted = (struct store_io){.page = &in, .gfn = 7, .slot = put(7, TEXT), .done = note_read};
    nr_done = 0;
    for (uint32_t i = 0; i < 200; i++) {
        sample_page_fill(&pages[i], i, TEXT);
        ios[i] = (struct store_io){.page = &pages[i],
                                   .gfn = i,
                                   .slot = STORE_SLOT_NONE,
                                   .done = i ? count_done : first_is_done};
        store_page_out(store, &ios[i]);
    }
    loop_settle(base);
    assert_int_equal(wanted.error, 0);
    assert_in_range(nr_done_before_read, 1, 10);
    assert_int_equal(nr_done, 201);
}

static void closing_forgets_what_is_under_way(void **state)
{
    struct store_io io = {.page = &out, .gfn = 1, .slot = STORE_SLOT_NONE, .done = count_done};

    sample_page_fill(&out, 1, TEXT);
    nr_done = 0;
    store_page_out(store, &io);
    store_close(store);
    loop_settle(base);
    assert_int_equal(nr_done, 0);
    assert_int_equal(open_store(*state), 0);
}

static void what_comes_and_goes_stays_itself(void **state)
{
    uint32_t slots[200];
    size_t noise[200];

    (void)state;
    srandom(1);
    memset(slots, 0xff, sizeof(slots)); /* STORE_SLOT_NONE */
    for (uint32_t i = 0; i < 20000; i++) {
        const uint32_t which = (uint32_t)random() % 200;

        if (slots[which] != STORE_SLOT_NONE) {
            assert_gets(which, noise[which], slots[which]);
            store_free(store, slots[which]);
        }
        noise[which] = (size_t)random() % (PAGE_BYTES + 1);
        if (page_out(which, noise[which], &slots[which]))
            slots[which] = STORE_SLOT_NONE;
    }
}

/* --- Two tiers. --- */

static void what_packs_well_stays_in_memory(void **state)
{
    uint32_t slots[100];

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        slots[i] = put(i, TEXT);
    assert_int_equal(fake_engine.nr_writes, 0);
    for (uint32_t i = 0; i < 100; i++)
        assert_gets(i, TEXT, slots[i]);
    assert_int_equal(fake_engine.nr_reads, 0);
}

static void what_packs_badly_goes_on_to_the_next(void **state)
{
    uint32_t slot = put(5, NOISE), other = put(6, PAGE_BYTES * 9 / 10);

    (void)state;
    assert_int_equal(fake_engine.nr_writes, 2);
    assert_gets(5, NOISE, slot);
    assert_gets(6, PAGE_BYTES * 9 / 10, other);
    assert_int_equal(fake_engine.nr_reads, 2);
    store_free(store, slot);
    assert_int_equal(fake_engine.nr_released, 1);
}

static void what_finds_no_room_goes_on_and_each_is_found_where_it_is(void **state)
{
    static uint32_t slots[4000];

    (void)state;
    for (uint32_t i = 0; i < 4000; i++)
        slots[i] = put(i, TEXT);
    assert_in_range(fake_engine.nr_writes, 100, 3000);
    for (uint32_t i = 0; i < 4000; i++)
        assert_gets(i, TEXT, slots[i]);
    assert_int_equal(fake_engine.nr_reads, fake_engine.nr_writes);
    for (uint32_t i = 0; i < 4000; i++)
        store_free(store, slots[i]);
    assert_int_equal(fake_engine.nr_released, fake_engine.nr_writes);
    put(1, TEXT); /* in memory there is room again */
    assert_int_equal(fake_engine.nr_reads, fake_engine.nr_writes);
}

static void a_slot_may_be_kept_if_it_is_in_the_next_tier_alone(void **state)
{
    uint32_t here = put(1, TEXT), there = put(2, PAGE_BYTES);

    (void)state;
    assert_int_equal(fake_engine.nr_writes, 1);
    assert_false(store_may_keep(store, here) || store_may_keep(store, there));
    fake_engine.is_outside = true;
    assert_false(store_may_keep(store, here));
    assert_true(store_may_keep(store, there));
}

static void an_error_of_the_next_tier_comes_up_as_it_is(void **state)
{
    uint32_t slot;

    (void)state;
    fake_engine.fail_writes = 1;
    fake_engine.error = -EIO;
    assert_int_equal(page_out(5, NOISE, &slot), -EIO);
    assert_int_equal(slot, STORE_SLOT_NONE);
    put(5, NOISE);
}

static void there_are_as_many_slots_as_in_the_next_tier(void **state)
{
    uint32_t slot;

    store_close(store);
    fake_engine.max_slots = 3;
    assert_int_equal(open_store(*state), 0);
    for (uint32_t i = 0; i < 3; i++)
        put(i, TEXT);
    assert_int_equal(page_out(3, TEXT, &slot), -ENOSPC);
}

static void removing_is_the_next_tiers_business(void **state)
{
    (void)state;
    store_remove(store);
    assert_true(fake_engine.removed);
    assert_gets(5, NOISE, put(5, NOISE));
}

/* --- Failures. --- */

static int open_and_use(void *arg)
{
    uint32_t slot, other = STORE_SLOT_NONE;
    int rc = open_store(arg);

    if (rc)
        return rc;
    rc = page_out(5, TEXT, &slot);
    if (!rc)
        rc = page_out(6, NOISE, &other);
    assert_int_equal(store_bytes(store),
                     rc ? (slot != STORE_SLOT_NONE) * PAGE_BYTES : 2 * PAGE_BYTES);
    store_close(store);
    return rc;
}

static void failure_leaves_nothing_behind(void **state)
{
    (void)state;
    fake_engine_reset();
    fake_engine.in_use = true;
    base = loop_create();
    check_every_failure(open_and_use, "memory:2M");
    event_base_free(base);
    fake_engine_reset();
}

/* clang-format off */
#define WITH(where, test) {#test " (" where ")", test, setup, teardown, where}
/* clang-format on */
#define ALONE(test) WITH("memory:2M", test)
#define TIERS(test) WITH("memory:2M,/nowhere", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH("memory:8M", pages_of_all_kinds_come_back),
        TIERS(pages_of_all_kinds_come_back),
        WITH("memory", pages_of_all_kinds_come_back),
        ALONE(the_limit_counts_what_pages_take_packed),
        ALONE(a_page_in_does_not_wait_for_many_page_outs),
        ALONE(closing_forgets_what_is_under_way),
        TIERS(closing_forgets_what_is_under_way),
        ALONE(what_comes_and_goes_stays_itself),
        TIERS(what_comes_and_goes_stays_itself),
        TIERS(what_packs_well_stays_in_memory),
        TIERS(what_packs_badly_goes_on_to_the_next),
        TIERS(what_finds_no_room_goes_on_and_each_is_found_where_it_is),
        TIERS(a_slot_may_be_kept_if_it_is_in_the_next_tier_alone),
        TIERS(an_error_of_the_next_tier_comes_up_as_it_is),
        TIERS(there_are_as_many_slots_as_in_the_next_tier),
        TIERS(removing_is_the_next_tiers_business),
        cmocka_unit_test(failure_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("store_memory", tests, NULL, NULL);
}
