/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "failing.h"
#include "locked_memory.h"

#define PAGE 4096u

static void assert_all(const void *memory, size_t from, size_t end, char byte)
{
    const char *bytes = memory;

    for (size_t i = from; i < end; i++)
        if (bytes[i] != byte)
            fail_msg("byte %zu is %d, not %d", i, bytes[i], byte);
}

static void assert_present(void *memory, size_t size)
{
    unsigned char present[64];

    assert_true(size <= sizeof(present) * PAGE);
    assert_int_equal(mincore(memory, size, present), 0);
    for (size_t page = 0; page < (size + PAGE - 1) / PAGE; page++)
        assert_true(present[page] & 1);
}

static void memory_is_zeroed_aligned_and_present(void **state)
{
    void *memory = locked_alloc(3 * PAGE + 1);

    (void)state;
    assert_non_null(memory);
    assert_int_equal((uintptr_t)memory % PAGE, 0);
    assert_present(memory, 3 * PAGE + 1);
    assert_all(memory, 0, 3 * PAGE + 1, 0);
    locked_free(memory, 3 * PAGE + 1);
}

static void assert_absent(void *memory, size_t size)
{
    unsigned char present[64];

    assert_true(size <= sizeof(present) * PAGE);
    assert_int_equal(mincore(memory, size, present), 0);
    for (size_t page = 0; page < size / PAGE; page++)
        assert_false(present[page] & 1);
}

static void reserved_memory_is_present_where_it_was_asked_for(void **state)
{
    char *memory = locked_reserve(10 * PAGE);

    (void)state;
    assert_non_null(memory);
    assert_absent(memory, 10 * PAGE);
    assert_int_equal(locked_present(memory, 2 * PAGE, PAGE + 1), 0);
    assert_absent(memory, 2 * PAGE);
    assert_present(memory + 2 * PAGE, 2 * PAGE);
    assert_absent(memory + 4 * PAGE, 6 * PAGE);
    memset(memory + 2 * PAGE, 7, 2 * PAGE);
    memory = locked_reserve_more(memory, 10 * PAGE, 50 * PAGE);
    assert_all(memory, 2 * PAGE, 4 * PAGE, 7);
    assert_absent(memory + 4 * PAGE, 46 * PAGE);
    locked_free(memory, 50 * PAGE);
}

/* A file's page that is not there is an error now, and no signal later. */
static void what_a_file_does_not_have_cannot_be_made_present(void **state)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    char *memory;

    (void)state;
    assert_int_equal(ftruncate(fd, PAGE), 0);
    memory = locked_reserve_map(fd, 0, 2 * PAGE);
    assert_int_equal(locked_present(memory, 0, PAGE), 0);
    assert_int_equal(locked_present(memory, PAGE, PAGE), -ENOMEM);
    locked_free(memory, 2 * PAGE);
    close(fd);
}

/* Any process may have locking forbidden; the memory must be there all the same. */
static void memory_is_present_without_the_right_to_lock(void **state)
{
    struct rlimit before, none;
    void *memory;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    assert_int_equal(seteuid(65534), 0); /* root may lock whatever the limit is */
    memory = locked_alloc(16 * PAGE);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &before), 0);
    assert_non_null(memory);
    assert_present(memory, 16 * PAGE);
    locked_free(memory, 16 * PAGE);
}

static void growing_keeps_the_contents_and_adds_zeros(void **state)
{
    size_t size = 100;
    char *memory = locked_alloc(size);

    (void)state;
    memset(memory, 7, size);
    for (size_t new_size = 150; new_size < 40 * PAGE; new_size += 3001) {
        memory = locked_grow(memory, size, new_size);
        assert_non_null(memory);
        assert_all(memory, 0, size, 7);
        assert_all(memory, size, new_size, 0);
        assert_present(memory, new_size);
        memset(memory, 7, new_size);
        size = new_size;
    }
    locked_free(memory, size);
}

static void growing_from_nothing_is_allocating(void **state)
{
    char *memory = locked_grow(NULL, 0, PAGE);

    (void)state;
    assert_non_null(memory);
    assert_all(memory, 0, PAGE, 0);
    locked_free(memory, PAGE);
}

static void shrinking_keeps_the_head_and_gives_the_tail_back(void **state)
{
    const struct holdings before = holdings_now();
    char *memory = locked_alloc(10 * PAGE);

    (void)state;
    memset(memory, 7, 10 * PAGE);
    assert_ptr_equal(locked_shrink(memory, 10 * PAGE, 2 * PAGE + 5), memory);
    assert_int_equal(holdings_now().mapped - before.mapped, 3 * PAGE);
    assert_all(memory, 0, 2 * PAGE + 5, 7);
    locked_free(memory, 2 * PAGE + 5);
    assert_holds(&before);
}

static void shrinking_to_nothing_frees(void **state)
{
    const struct holdings before = holdings_now();

    (void)state;
    assert_null(locked_shrink(locked_alloc(3 * PAGE), 3 * PAGE, 0));
    assert_null(locked_shrink(NULL, 0, 0));
    assert_holds(&before);
}

static void a_size_that_nobody_has_is_refused(void **state)
{
    char *memory = locked_alloc(PAGE);

    (void)state;
    errno = 0;
    assert_null(locked_alloc(SIZE_MAX / 2));
    assert_int_equal(errno, ENOMEM);
    memory[0] = 7;
    errno = 0;
    assert_null(locked_grow(memory, PAGE, SIZE_MAX / 2));
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(memory[0], 7);
    locked_free(memory, PAGE);
}

/* Sizes near the end of what there is must not be rounded up to nothing. */
static void a_size_near_the_largest_is_refused(void **state)
{
    (void)state;
    errno = 0;
    assert_null(locked_alloc(SIZE_MAX));
    assert_int_equal(errno, ENOMEM);
}

static int alloc_and_grow(void *arg)
{
    char *memory = locked_alloc(PAGE), *grown;

    (void)arg;
    if (!memory)
        return -errno;
    memory[0] = 7;
    grown = locked_grow(memory, PAGE, 100 * PAGE);
    assert_int_equal(grown ? grown[0] : memory[0], 7);
    locked_free(grown ? grown : memory, grown ? 100 * PAGE : PAGE);
    return grown ? 0 : -errno;
}

static void failure_leaves_the_old_memory_alone(void **state)
{
    (void)state;
    check_every_failure(alloc_and_grow, NULL);
}

static void freeing_nothing_is_allowed(void **state)
{
    (void)state;
    locked_free(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_present),
        cmocka_unit_test(memory_is_present_without_the_right_to_lock),
        cmocka_unit_test(reserved_memory_is_present_where_it_was_asked_for),
        cmocka_unit_test(what_a_file_does_not_have_cannot_be_made_present),
        cmocka_unit_test(growing_keeps_the_contents_and_adds_zeros),
        cmocka_unit_test(growing_from_nothing_is_allocating),
        cmocka_unit_test(shrinking_keeps_the_head_and_gives_the_tail_back),
        cmocka_unit_test(shrinking_to_nothing_frees),
        cmocka_unit_test(a_size_that_nobody_has_is_refused),
        cmocka_unit_test(a_size_near_the_largest_is_refused),
        cmocka_unit_test(failure_leaves_the_old_memory_alone),
        cmocka_unit_test(freeing_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("locked_memory", tests, NULL, NULL);
}
