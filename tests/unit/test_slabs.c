/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "page.h"
#include "slabs.h"

#define MIB (UINT64_C(1) << 20)
#define NR_BLOCKS 20000

/* A block and what it is filled with. */
struct held {
    uint32_t block;
    size_t bytes;
    unsigned char letter;
};

static struct slabs *slabs;
static struct held held[NR_BLOCKS];

static int setup(void **state)
{
    *state = NULL;
    slabs = slabs_create(64 * MIB);
    return slabs ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    slabs_destroy(slabs);
    return 0;
}

static void take(struct held *h, size_t bytes, unsigned int seed)
{
    h->bytes = bytes;
    h->letter = (unsigned char)(seed % 251);
    assert_int_equal(slabs_alloc(slabs, bytes, &h->block), 0);
    memset(slabs_at(slabs, h->block), h->letter, bytes);
}

static void check(const struct held *h)
{
    const unsigned char *at = slabs_at(slabs, h->block);

    assert_in_range(slabs_size(slabs, h->block), h->bytes, h->bytes + 63);
    if (at[0] != h->letter || memcmp(at, at + 1, h->bytes - 1))
        fail_msg("a byte of a block of %zu is another's", h->bytes);
}

static void blocks_of_all_sizes_keep_what_is_in_them(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < PAGE_BYTES; i++)
        take(&held[i], i + 1, i);
    for (unsigned int i = 0; i < PAGE_BYTES; i++)
        check(&held[i]);
}

static void blocks_that_come_and_go_do_not_touch_others(void **state)
{
    (void)state;
    srandom(1);
    for (unsigned int i = 0; i < NR_BLOCKS / 4; i++)
        take(&held[i], 1 + (size_t)random() % PAGE_BYTES, i);
    for (unsigned int i = 0; i < 100000; i++) {
        struct held *h = &held[random() % (NR_BLOCKS / 4)];

        check(h);
        slabs_free(slabs, h->block);
        take(h, 1 + (size_t)random() % PAGE_BYTES, i);
    }
}

/* Whole slabs go back, so that what is left is only what is needed to keep track. */
static void what_was_freed_goes_back_to_the_system(void **state)
{
    const struct holdings before = holdings_now();
    uint64_t bytes;

    (void)state;
    for (unsigned int i = 0; i < 5000; i++)
        take(&held[i], 1500, i);
    assert_in_range(slabs_bytes(slabs), 5000 * 1500, 64 * MIB);
    assert_in_range(holdings_now().mapped - before.mapped, 5000 * 1500, 64 * MIB);
    for (unsigned int i = 0; i < 5000; i++)
        slabs_free(slabs, held[i].block);
    bytes = slabs_bytes(slabs);
    assert_in_range(bytes, 0, 64 * 1024);
    assert_in_range(holdings_now().mapped - before.mapped, 0, 64 * 1024);
    for (unsigned int i = 0; i < 5000; i++) /* and is had again, at no further cost */
        take(&held[i], 3000, i);
    for (unsigned int i = 0; i < 5000; i++)
        slabs_free(slabs, held[i].block);
    assert_in_range(slabs_bytes(slabs), bytes, 2 * bytes + 64 * 1024);
}

/* Sizes as pages have them: most of the memory is theirs. */
static void little_is_wasted(void **state)
{
    uint64_t asked = 0;

    (void)state;
    srandom(1);
    for (unsigned int i = 0; i < NR_BLOCKS; i++) {
        size_t bytes = 600 + (size_t)random() % 2400;

        asked += bytes;
        take(&held[i], bytes, i);
    }
    assert_true(asked * 100 > slabs_bytes(slabs) * 90);
}

static void the_limit_is_kept_with_all_that_is_needed(void **state)
{
    const struct holdings before = holdings_now();
    unsigned int nr = 0;
    int rc;

    (void)state;
    slabs_destroy(slabs);
    slabs = slabs_create(2 * MIB);
    assert_int_equal(slabs_charge(slabs, MIB), 0);
    while (!(rc = slabs_alloc(slabs, PAGE_BYTES, &held[nr].block)))
        nr++;
    assert_int_equal(rc, -ENOSPC);
    assert_in_range(nr, 200, 256);
    assert_true(slabs_bytes(slabs) <= 2 * MIB);
    assert_true((uint64_t)(holdings_now().mapped - before.mapped) <= 2 * MIB);
    assert_int_equal(slabs_charge(slabs, MIB), -ENOSPC);
    slabs_free(slabs, held[0].block);
    assert_int_equal(slabs_alloc(slabs, PAGE_BYTES, &held[0].block), 0);
    for (unsigned int i = 0; i < nr; i++)
        slabs_free(slabs, held[i].block);
    slabs_uncharge(slabs, MIB);
    assert_int_equal(slabs_charge(slabs, 3 * MIB / 2), 0);
}

static void free_in_the_middle(void *arg)
{
    (void)arg;
    take(&held[0], 1000, 0);
    slabs_free(slabs, held[0].block + 1);
}

static void free_nowhere(void *arg)
{
    (void)arg;
    slabs_free(slabs, 12345678);
}

static void freeing_what_is_no_block_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(free_in_the_middle, NULL);
    assert_aborts(free_nowhere, NULL);
}

static int create_and_use(void *arg)
{
    int rc = -ENOMEM;

    (void)arg;
    slabs = slabs_create(64 * MIB);
    if (slabs) {
        uint64_t before = slabs_bytes(slabs);

        rc = slabs_alloc(slabs, 1000, &held[0].block);
        if (rc) /* what is kept for the next try is all there is */
            assert_in_range(slabs_bytes(slabs), before, before + 8192);
    }
    slabs_destroy(slabs);
    slabs = NULL;
    return rc;
}

static void failure_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(create_and_use, NULL);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    slabs_destroy(NULL);
}

#define WITH_SLABS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SLABS(blocks_of_all_sizes_keep_what_is_in_them),
        WITH_SLABS(blocks_that_come_and_go_do_not_touch_others),
        WITH_SLABS(what_was_freed_goes_back_to_the_system),
        WITH_SLABS(little_is_wasted),
        WITH_SLABS(the_limit_is_kept_with_all_that_is_needed),
        WITH_SLABS(freeing_what_is_no_block_is_a_bug),
        cmocka_unit_test(failure_leaves_nothing_behind),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("slabs", tests, NULL, NULL);
}
