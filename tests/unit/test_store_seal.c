/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is encrypted on its way to an engine, which is a fake that can be looked into. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "failing.h"
#include "fake_engine.h"
#include "index.h"
#include "locked_memory.h"
#include "loop.h"
#include "sample_pages.h"
#include "store.h"
#include "store_seal.h"

#define NR 300 /* more than are under way at a time */

static const struct store_secret secret = {
    .key = "thirty-two bytes that are no one", .id = 1, .epoch = 7};

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
    ios[i] =
        (struct store_io){.page = &pages[i], .gfn = i, .slot = STORE_SLOT_NONE, .done = count_done};
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

static void the_key_is_in_no_core_dump(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
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

/* --- Who comes later. --- */

static char index_path[] = "/tmp/test_store_seal_XXXXXX";
static struct index *index_;

static bool all_are_named(void *arg, uint32_t slot, uint32_t gfn)
{
    (void)arg, (void)slot, (void)gfn;
    return true;
}

/* As startup_store.c does it. */
static void live_with(const struct store_secret *with, bool takes_over)
{
    struct index_owner owner = {.domid = 7, .store_id = 4711, .key_id = with->id};
    char message[256];
    int rc;

    assert_int_equal(open_with(with, STORE_ENCRYPT_YES), 0);
    assert_int_equal(store_key_id(store), with->id);
    assert_int_equal(store_id(store), 4711);
    rc = takes_over ? index_open(index_path, &owner, &index_, message, sizeof(message))
                    : index_create(index_path, &owner, &index_, message, sizeof(message));
    assert_int_equal(rc, 0);
    assert_int_equal(store_use_index(store, index_), 0);
    if (takes_over)
        store_adopt(store, all_are_named, NULL);
}

static void begin_first_life(void)
{
    int fd = mkstemp(index_path);

    assert_true(fd >= 0);
    close(fd);
    store_close(store);
    fake_engine.id = 4711;
    live_with(&secret, false);
}

static void begin_next_life(const struct store_secret *with)
{
    store_close(store);
    index_close(index_);
    live_with(with, true);
}

static void end_last_life(void)
{
    index_remove(index_);
    index_close(index_);
    strcpy(index_path, "/tmp/test_store_seal_XXXXXX");
}

static void who_has_the_key_and_the_index_reads_what_was_sealed_before(void **state)
{
    struct store_secret next = secret;
    uint32_t slots[2];

    (void)state;
    begin_first_life();
    slots[0] = put(1, 1);
    next.epoch++;
    begin_next_life(&next);
    slots[1] = put(2, 2);
    assert_gets(1, 1, slots[0]);
    next.epoch++;
    begin_next_life(&next);
    assert_gets(1, 1, slots[0]);
    assert_gets(2, 2, slots[1]);
    end_last_life();
}

static void who_has_another_key_reads_nothing(void **state)
{
    struct store_secret other = secret;
    uint32_t slot;

    (void)state;
    begin_first_life();
    slot = put(1, 1);
    other.key[0] ^= 1;
    begin_next_life(&other);
    assert_int_equal(get(1, slot), -EBADMSG);
    end_last_life();
}

/* A few slots, each written in each life. */
static void no_nonce_comes_again(void **state)
{
    struct store_secret next = secret;
    struct index_seal *seals;
    struct index_seal seen[3 * 4];
    unsigned int nr = 0;

    (void)state;
    begin_first_life();
    for (int life = 0; life < 3; life++) {
        uint32_t slots[4];

        for (uint32_t i = 0; i < 4; i++)
            slots[i] = put(i, i);
        seals = index_grow_seals(index_, NULL, 0, 4096);
        for (uint32_t i = 0; i < 4; i++)
            seen[nr++] = seals[slots[i]];
        locked_free(seals, 4096 * sizeof(*seals));
        for (uint32_t i = 0; i < 4; i++)
            store_free(store, slots[i]);
        next.epoch++;
        begin_next_life(&next);
    }
    for (unsigned int i = 0; i < nr; i++)
        for (unsigned int k = 0; k < i; k++)
            assert_memory_not_equal(seen[i].nonce, seen[k].nonce, sizeof(seen[i].nonce));
    end_last_life();
}

static void a_key_that_nobody_else_has_ends_with_the_process(void **state)
{
    (void)state;
    fake_engine.id = 4711;
    assert_int_equal(store_id(store), 0);
    fake_engine.id = 0;
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

static void whether_a_slot_may_be_kept_is_the_engines_too(void **state)
{
    uint32_t slot = put(1, 1);

    (void)state;
    assert_false(store_may_keep(store, slot));
    fake_engine.is_outside = true;
    assert_true(store_may_keep(store, slot));
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
        WITH_STORE(the_key_is_in_no_core_dump),
        WITH_STORE(closing_forgets_what_is_under_way),
        WITH_STORE(all_else_is_the_engines),
        WITH_STORE(whether_a_slot_may_be_kept_is_the_engines_too),
        WITH_STORE(each_store_has_a_key_of_its_own_unless_one_is_given),
        WITH_STORE(who_has_the_key_and_the_index_reads_what_was_sealed_before),
        WITH_STORE(who_has_another_key_reads_nothing),
        WITH_STORE(no_nonce_comes_again),
        WITH_STORE(a_key_that_nobody_else_has_ends_with_the_process),
        WITH_STORE(a_file_is_encrypted_only_if_that_is_asked_for),
        cmocka_unit_test(failure_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("store_seal", tests, NULL, NULL);
}
