/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is encrypted on its way to an engine, which is a fake that can be looked into. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "failing.h"
#include "fake_engine.h"
#include "loop.h"
#include "sample_pages.h"
#include "store.h"
#include "store_seal.h"

#define NR 300 /* more than are under way at a time */

static const struct store_secret secret = {.key = "thirty-two bytes that are no one", .epoch = 7};

static struct event_base *base;
static struct store *store;
static struct sample_page pages[NR], in;
static struct store_io ios[NR];
static unsigned int nr_done;

static int open_with(const struct store_secret *with, enum store_encryption encryption)
{
    const struct store_options options = {
        .where = "/nowhere", .encryption = encryption, .secret = with};
    char message[256];

    return store_open(base, &options, &store, message, sizeof(message));
}

static int setup(void **state)
{
    *state = NULL;
    fake_engine_reset();
    fake_engine.in_use = true;
    base = loop_create();
    return open_with(NULL, STORE_ENCRYPT_YES);
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

static void begin_out(uint32_t i, uint32_t seed)
{
    sample_page_fill(&pages[i], seed, 100);
    ios[i] = (struct store_io){.page = &pages[i], .gfn = i, .done = count_done};
    store_page_out(store, &ios[i]);
}

static uint32_t put(uint32_t i, uint32_t seed)
{
    nr_done = 0;
    begin_out(i, seed);
    assert_int_equal(nr_done, 0);
    loop_settle(base);
    assert_int_equal(nr_done, 1);
    assert_int_equal(ios[i].error, 0);
    return ios[i].slot;
}

static int get(uint32_t gfn, uint32_t slot)
{
    struct store_io io = {.page = &in, .gfn = gfn, .slot = slot, .done = count_done};

    nr_done = 0;
    memset(&in, 0xdd, sizeof(in));
    store_page_in(store, &io, STORE_FAULT);
    loop_settle(base);
    assert_int_equal(nr_done, 1);
    return io.error;
}

static void assert_gets(uint32_t gfn, uint32_t seed, uint32_t slot)
{
    static struct sample_page expected;

    sample_page_fill(&expected, seed, 100);
    assert_int_equal(get(gfn, slot), 0);
    assert_memory_equal(&in, &expected, PAGE_BYTES);
}

static void pages_come_back_however_many_there_are_at_once(void **state)
{
    static struct sample_page expected;

    (void)state;
    nr_done = 0;
    for (uint32_t i = 0; i < NR; i++)
        begin_out(i, i);
    loop_settle(base);
    assert_int_equal(nr_done, NR);
    for (uint32_t i = 0; i < NR; i++) {
        memset(&pages[i], 0xdd, sizeof(pages[i]));
        store_page_in(store, &ios[i], STORE_FAULT);
    }
    loop_settle(base);
    assert_int_equal(nr_done, 2 * NR);
    for (uint32_t i = 0; i < NR; i++) {
        sample_page_fill(&expected, i, 100);
        assert_int_equal(ios[i].error, 0);
        assert_memory_equal(&pages[i], &expected, PAGE_BYTES);
    }
}

/* Neither the page nor anything of its form: a page of one letter has none that shows. */
static void what_is_kept_has_nothing_of_the_page(void **state)
{
    uint32_t slot = put(1, 1);
    const unsigned char *kept = fake_engine_slot(slot);
    unsigned int nr_letters[256] = {0};

    (void)state;
    for (unsigned int i = 0; i < PAGE_BYTES; i++)
        nr_letters[kept[i]]++;
    for (unsigned int i = 0; i < 256; i++)
        assert_in_range(nr_letters[i], 0, PAGE_BYTES / 64);
}

static void the_same_page_looks_different_each_time(void **state)
{
    unsigned char first[PAGE_BYTES];
    uint32_t slot = put(1, 1), again;

    (void)state;
    memcpy(first, fake_engine_slot(slot), PAGE_BYTES);
    store_free(store, slot);
    again = put(1, 1);
    assert_int_equal(again, slot);
    assert_memory_not_equal(first, fake_engine_slot(again), PAGE_BYTES);
    assert_gets(1, 1, again);
}

static void one_wrong_bit_is_found(void **state)
{
    uint32_t slot = put(1, 1);

    (void)state;
    fake_engine_corrupt(slot);
    assert_int_equal(get(1, slot), -EBADMSG);
    fake_engine_corrupt(slot); /* the bit is back */
    assert_gets(1, 1, slot);
}

static void a_page_of_another_slot_is_found(void **state)
{
    uint32_t one = put(1, 1), other = put(2, 1);

    (void)state;
    fake_engine_copy(one, other);
    assert_int_equal(get(2, other), -EBADMSG);
    assert_gets(1, 1, one);
}

/* The server gives back what was in this slot before, which was sealed well and is of this gfn. */
static void an_older_page_of_the_same_slot_is_found(void **state)
{
    uint32_t slot = put(1, 1), kept = put(2, 2);

    (void)state;
    fake_engine_copy(slot, kept);
    store_free(store, slot);
    assert_int_equal(put(1, 1), slot); /* even the same contents */
    fake_engine_copy(kept, slot);
    assert_int_equal(get(1, slot), -EBADMSG);
}

static void errors_of_the_engine_come_up_as_they_are(void **state)
{
    uint32_t slot = put(1, 1);

    (void)state;
    fake_engine.fail_reads = 1;
    fake_engine.error = -EIO;
    assert_int_equal(get(1, slot), -EIO);
    fake_engine.fail_writes = 1;
    fake_engine.error = -ENOSPC;
    begin_out(2, 2);
    loop_settle(base);
    assert_int_equal(ios[2].error, -ENOSPC);
    assert_int_equal(fake_engine.nr_released, 1);
    assert_gets(1, 1, slot);
}

static void closing_forgets_what_is_under_way(void **state)
{
    (void)state;
    nr_done = 0;
    fake_engine.hold = true;
    for (uint32_t i = 0; i < NR; i++)
        begin_out(i, i);
    loop_settle(base);
    store_close(store);
    loop_settle(base);
    assert_int_equal(nr_done, 0);
    fake_engine.hold = false;
    assert_int_equal(open_with(NULL, STORE_ENCRYPT_YES), 0);
}

static void all_else_is_the_engines(void **state)
{
    (void)state;
    store_free(store, put(1, 1));
    assert_int_equal(fake_engine.nr_released, 1);
    store_remove(store);
    assert_true(fake_engine.removed);
    store_close(store);
    fake_engine.max_slots = 1;
    assert_int_equal(open_with(NULL, STORE_ENCRYPT_YES), 0);
    put(1, 1);
    begin_out(2, 2);
    loop_settle(base);
    assert_int_equal(ios[2].error, -ENOSPC);
}

/* --- Which key. --- */

static void keep_sealed(const struct store_secret *with, unsigned char *kept)
{
    store_close(store);
    assert_int_equal(open_with(with, STORE_ENCRYPT_YES), 0);
    memcpy(kept, fake_engine_slot(put(1, 1)), PAGE_BYTES);
}

static void each_store_has_a_key_of_its_own_unless_one_is_given(void **state)
{
    unsigned char one[PAGE_BYTES], other[PAGE_BYTES];
    struct store_secret next = secret;

    (void)state;
    keep_sealed(NULL, one);
    keep_sealed(NULL, other);
    assert_memory_not_equal(one, other, PAGE_BYTES);
    keep_sealed(&secret, one);
    keep_sealed(&secret, other); /* which is why it must not be used twice */
    assert_memory_equal(one, other, PAGE_BYTES);
    next.epoch++;
    keep_sealed(&next, other);
    assert_memory_not_equal(one, other, PAGE_BYTES);
}

static void a_file_is_encrypted_only_if_that_is_asked_for(void **state)
{
    static const enum store_encryption plain[] = {STORE_ENCRYPT_BY_DEFAULT, STORE_ENCRYPT_NO};

    (void)state;
    for (int i = 0; i < 2; i++) {
        store_close(store);
        assert_int_equal(open_with(NULL, plain[i]), 0);
        assert_memory_equal(fake_engine_slot(put(1, 1)), &pages[1], PAGE_BYTES);
    }
}

static int open_and_use(void *arg)
{
    int rc = open_with(NULL, STORE_ENCRYPT_YES);

    (void)arg;
    if (rc)
        return rc;
    nr_done = 0;
    begin_out(1, 1);
    loop_settle(base);
    assert_int_equal(nr_done, 1);
    store_close(store);
    return ios[1].error;
}

static void failure_leaves_nothing_behind(void **state)
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
        WITH_STORE(pages_come_back_however_many_there_are_at_once),
        WITH_STORE(what_is_kept_has_nothing_of_the_page),
        WITH_STORE(the_same_page_looks_different_each_time),
        WITH_STORE(one_wrong_bit_is_found),
        WITH_STORE(a_page_of_another_slot_is_found),
        WITH_STORE(an_older_page_of_the_same_slot_is_found),
        WITH_STORE(errors_of_the_engine_come_up_as_they_are),
        WITH_STORE(closing_forgets_what_is_under_way),
        WITH_STORE(all_else_is_the_engines),
        WITH_STORE(each_store_has_a_key_of_its_own_unless_one_is_given),
        WITH_STORE(a_file_is_encrypted_only_if_that_is_asked_for),
        cmocka_unit_test(failure_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("store_seal", tests, NULL, NULL);
}
