/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "compressor.h"
#include "failing.h"
#include "sample_pages.h"

static const char *const names[] = {"lz4", "zstd"};

static struct compressor *compressor;
static struct sample_page page, back;
static char packed[PAGE_BYTES];

static int setup(void **state)
{
    compressor = compressor_create(*state);
    return compressor ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    compressor_destroy(compressor);
    return 0;
}

static void a_page_comes_back_as_it_was(void **state)
{
    size_t last = 0;

    (void)state;
    for (size_t noise = 0; noise <= PAGE_BYTES / 2; noise += PAGE_BYTES / 8) {
        size_t bytes;

        sample_page_fill(&page, (uint32_t)noise, noise);
        memset(&back, 0xdd, sizeof(back));
        bytes = compressor_pack(compressor, &page, packed, sizeof(packed));
        assert_in_range(bytes, last + 1, noise + 100);
        assert_true(compressor_unpack(compressor, packed, bytes, &back));
        assert_memory_equal(&page, &back, PAGE_BYTES);
        last = bytes;
    }
}

static void what_does_not_fit_is_not_packed(void **state)
{
    size_t bytes;

    (void)state;
    sample_page_fill(&page, 1, PAGE_BYTES);
    assert_int_equal(compressor_pack(compressor, &page, packed, PAGE_BYTES - 1), 0);
    sample_page_fill(&page, 1, 1000);
    bytes = compressor_pack(compressor, &page, packed, sizeof(packed));
    packed[bytes / 2] = 0x55;
    assert_int_equal(compressor_pack(compressor, &page, packed, bytes / 2), 0);
    assert_int_equal(packed[bytes / 2], 0x55); /* not a byte beyond the room */
}

static void what_is_no_packed_page_is_refused(void **state)
{
    size_t bytes;

    (void)state;
    sample_page_fill(&page, 1, 1000);
    bytes = compressor_pack(compressor, &page, packed, sizeof(packed));
    assert_false(compressor_unpack(compressor, packed, bytes / 2, &back));
    memset(packed, 0, sizeof(packed));
    assert_false(compressor_unpack(compressor, packed, bytes, &back));
}

static void packing_asks_for_no_memory(void **state)
{
    const unsigned long before = nr_allocations();

    (void)state;
    sample_page_fill(&page, 1, 1000);
    compressor_unpack(compressor, packed,
                      compressor_pack(compressor, &page, packed, sizeof(packed)), &back);
    assert_int_equal(nr_allocations(), before);
}

static void names_are_what_can_be_had(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_true(compressor_is_known(names[i]));
        assert_says(compressor_names(), names[i]);
    }
    assert_true(compressor_is_known(COMPRESSOR_DEFAULT));
    assert_false(compressor_is_known("gzip"));
    assert_false(compressor_is_known(""));
    assert_null(compressor_create("gzip"));
    assert_int_equal(errno, EINVAL);
    compressor_destroy(NULL);
}

static int create_and_destroy(void *arg)
{
    struct compressor *c = compressor_create(arg);
    int rc = c ? 0 : -errno;

    compressor_destroy(c);
    return rc;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        check_every_failure(create_and_destroy, (void *)names[i]);
}

/* clang-format off */
#define WITH(name, test) {#test " (" name ")", test, setup, teardown, name}
/* clang-format on */
#define WITH_EACH(test) WITH("lz4", test), WITH("zstd", test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_EACH(a_page_comes_back_as_it_was),
        WITH_EACH(what_does_not_fit_is_not_packed),
        WITH_EACH(what_is_no_packed_page_is_refused),
        WITH_EACH(packing_asks_for_no_memory),
        cmocka_unit_test(names_are_what_can_be_had),
        cmocka_unit_test(failure_to_create_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("compressor", tests, NULL, NULL);
}
