/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libxenforeignmemory of the patched toolstack against a made-up kernel: how it waits for pages
 * that are out. Time passes only while it sleeps.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include <cmocka.h>

#include "private.h"

#define NR_PAGES 200
#define PAGE_BYTES 4096u

enum page_state { MAPPED_AT_ONCE, OUT, IN_NOW, HOLE };

static struct {
    enum page_state pages[NR_PAGES];
    bool mapped[NR_PAGES];
    unsigned int per_attempt; /* pages that come in after each attempt */
    uint64_t every_us;        /* or one in that time */
    uint64_t last_in_us;
    int fatal; /* errno of all attempts but the first */
    unsigned int attempts, most_tried;
    uint64_t now_us;
} fake;

static char memory[NR_PAGES * PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
static bool unmapped;

int __wrap_usleep(useconds_t us);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_ioctl(int fd, unsigned long request, privcmd_mmapbatch_v2_t *batch);
void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset);
int __wrap_munmap(void *addr, size_t size);

int __wrap_usleep(useconds_t us)
{
    fake.now_us += us;
    return 0;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *t)
{
    (void)id;
    t->tv_sec = (time_t)(fake.now_us / 1000000);
    t->tv_nsec = (long)(fake.now_us % 1000000) * 1000;
    return 0;
}

void *__wrap_mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    (void)addr, (void)prot, (void)flags, (void)fd, (void)offset;
    assert_true(size <= sizeof(memory));
    return memory;
}

int __wrap_munmap(void *addr, size_t size)
{
    (void)size;
    assert_ptr_equal(addr, memory);
    unmapped = true;
    return 0;
}

/* The pager's work between two attempts. */
static void bring_in(unsigned int nr)
{
    for (unsigned int i = 0; i < NR_PAGES && nr; i++) {
        if (fake.pages[i] != OUT)
            continue;
        fake.pages[i] = IN_NOW;
        fake.last_in_us = fake.now_us;
        nr--;
    }
}

static int map_page(unsigned int page)
{
    assert_false(fake.mapped[page]);
    if (fake.pages[page] == HOLE)
        return -EINVAL;
    if (fake.pages[page] == OUT)
        return -ENOENT;
    fake.mapped[page] = true;
    return 0;
}

/* As Linux: the call fails if the last page of a group is out, a group being the call here. */
int __wrap_ioctl(int fd, unsigned long request, privcmd_mmapbatch_v2_t *batch)
{
    (void)fd;
    assert_int_equal(request, IOCTL_PRIVCMD_MMAPBATCH_V2);
    if (fake.attempts++ && fake.fatal) {
        errno = fake.fatal;
        return -1;
    }
    if (fake.attempts > 1 && batch->num > fake.most_tried)
        fake.most_tried = batch->num;
    assert_int_equal(batch->addr, (uintptr_t)memory + batch->arr[0] * PAGE_BYTES);
    for (unsigned int i = 0; i < batch->num; i++)
        batch->err[i] = map_page((unsigned int)batch->arr[i]);
    if (fake.attempts > 1)
        bring_in(fake.per_attempt);
    if (fake.every_us && fake.now_us - fake.last_in_us >= fake.every_us)
        bring_in(1);
    errno = ENOENT;
    return batch->err[batch->num - 1] == -ENOENT ? -1 : 0;
}

static int errors[NR_PAGES];

static void *map_all(void)
{
    struct xenforeignmemory_handle handle = {.fd = 3};
    xen_pfn_t gfns[NR_PAGES];

    for (unsigned int i = 0; i < NR_PAGES; i++)
        gfns[i] = i;
    return osdep_xenforeignmemory_map(&handle, 1, NULL, PROT_READ, 0, NR_PAGES, gfns, errors);
}

static void set_pages(unsigned int first, unsigned int nr, enum page_state state)
{
    for (unsigned int i = first; i < first + nr; i++)
        fake.pages[i] = state;
}

static int set_up(void **state)
{
    (void)state;
    memset(&fake, 0, sizeof(fake));
    unmapped = false;
    return 0;
}

static void expect_all_mapped(void)
{
    for (unsigned int i = 0; i < NR_PAGES; i++)
        assert_int_equal(errors[i], 0);
}

static void what_is_in_memory_is_mapped_at_once(void **state)
{
    (void)state;
    assert_non_null(map_all());
    expect_all_mapped();
    assert_int_equal(fake.attempts, 1);
    assert_int_equal(fake.now_us, 0);
}

/* The call that the kernel calls a success. */
static void pages_that_are_out_are_waited_for_wherever_they_are(void **state)
{
    (void)state;
    set_pages(10, 5, OUT);
    set_pages(100, 40, OUT);
    fake.per_attempt = 3;
    assert_non_null(map_all());
    expect_all_mapped();
}

static void the_last_page_is_waited_for(void **state)
{
    (void)state;
    set_pages(NR_PAGES - 1, 1, OUT);
    fake.per_attempt = 1;
    assert_non_null(map_all());
    expect_all_mapped();
}

static void few_are_tried_at_a_time(void **state)
{
    (void)state;
    set_pages(0, NR_PAGES, OUT);
    fake.per_attempt = 8;
    assert_non_null(map_all());
    expect_all_mapped();
    assert_true(fake.most_tried <= 6);
}

static void a_hole_is_an_error_of_its_own(void **state)
{
    (void)state;
    set_pages(3, 1, HOLE);
    set_pages(4, 1, OUT);
    fake.per_attempt = 1;
    assert_non_null(map_all());
    assert_int_equal(errors[3], -EINVAL);
    assert_int_equal(errors[4], 0);
}

static void a_pager_that_is_dead_is_given_up(void **state)
{
    (void)state;
    set_pages(7, 2, OUT);
    assert_non_null(map_all());
    assert_int_equal(errors[6], 0);
    assert_int_equal(errors[7], -ENOENT);
    assert_int_equal(errors[8], -ENOENT);
    assert_in_range(fake.now_us, 30000000, 31000000);
    assert_false(unmapped);
}

static void a_pager_that_is_slow_is_not(void **state)
{
    (void)state;
    set_pages(0, 10, OUT);
    fake.every_us = 20000000;
    assert_non_null(map_all());
    expect_all_mapped();
    assert_true(fake.now_us > 180000000);
}

static void waiting_takes_no_processor(void **state)
{
    (void)state;
    set_pages(0, 1, OUT);
    fake.every_us = 20000000;
    assert_non_null(map_all());
    assert_true(fake.attempts < 20000000 / 5000);
}

static void a_fatal_error_leaves_no_mapping(void **state)
{
    (void)state;
    set_pages(0, 1, OUT);
    fake.fatal = EFAULT;
    assert_null(map_all());
    assert_int_equal(errno, EFAULT);
    assert_true(unmapped);
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_in_memory_is_mapped_at_once),
        TEST(pages_that_are_out_are_waited_for_wherever_they_are),
        TEST(the_last_page_is_waited_for),
        TEST(few_are_tried_at_a_time),
        TEST(a_hole_is_an_error_of_its_own),
        TEST(a_pager_that_is_dead_is_given_up),
        TEST(a_pager_that_is_slow_is_not),
        TEST(waiting_takes_no_processor),
        TEST(a_fatal_error_leaves_no_mapping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
