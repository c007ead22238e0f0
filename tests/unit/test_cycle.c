/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages go out and come back, with each call failing once that can: each hypercall, each mapping,
 * each read and write of the store. What fails is overcome: the guest has its pages in the end, and
 * nothing is held that was not held before. And all of it needs no memory.
 */
#include "rig.h"

#include "failing.h"
#include "page.h"

#define NR_GFNS 40u
#define NR_PAGES 20u
#define LATER 16u
#define MAX_CALLS 1000

/*
 * Out with some, back with what is touched; some are written to, and one is given up. Where the
 * slots of those that came back are kept, some of them are needed for the last ones.
 */
static void page_out_and_in(struct rig *rig)
{
    rig_page_out(rig, NR_PAGES);
    for (unsigned int vcpu = 0; vcpu < FAKE_VCPUS; vcpu++) {
        if (vcpu % 2)
            guest_read(vcpu, vcpu);
        else
            guest_write(vcpu, vcpu);
    }
    rig_serve_guest(rig);
    guest_give_up(FAKE_VCPUS);
    loop_settle(rig->base);
    rig_page_out(rig, LATER);
}

static void bring_all_back(struct rig *rig)
{
    rig_drain(rig);
    rig_assert_at_peace(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
    assert_int_equal(store_bytes(rig->store), pages_nr_kept(rig->pages) * PAGE_BYTES);
}

/* Returns the errno with which the nth call failed; 0: there were fewer calls. */
static int cycle_with_failure(unsigned int n, bool kept)
{
    struct rig *rig = rig_create(NR_GFNS, "clock");
    struct holdings before;
    int error;

    fake_engine.is_outside = kept;
    rig_page_out(rig, 1); /* the store has made its room then */
    before = holdings_now();
    fail_nth(n);
    page_out_and_in(rig);
    error = failed_with();
    fail_nth(0);
    bring_all_back(rig);
    assert_holds(&before);
    assert_int_equal(rig->cannot_load, 0);
    assert_true(rig->stats.page_outs >= NR_PAGES);
    rig_destroy(rig);
    return error;
}

static void check_each_failure(bool patched, bool kept)
{
    static const struct store_options small = {.where = "/nowhere",
                                               .max_pages = NR_PAGES + LATER - 2};
    unsigned int n = 1;

    fake_xen_patch(patched);
    rig_use_store(&small);
    while (cycle_with_failure(n, kept) && n < MAX_CALLS)
        n++;
    rig_use_store(NULL);
    fake_xen_patch(false);
    assert_in_range(n, NR_PAGES, MAX_CALLS - 1); /* else little was tried */
}

static void each_failure_is_overcome_on_stock(void **state)
{
    (void)state;
    check_each_failure(false, false);
    check_each_failure(false, true);
}

static void each_failure_is_overcome_on_patched(void **state)
{
    (void)state;
    check_each_failure(true, false);
    check_each_failure(true, true);
}

/* Page-ins happen when the host has no memory: ours must be there from the start. */
static void page_ins_and_page_outs_allocate_nothing(void **state)
{
    struct rig *rig = *state;
    unsigned long before;

    fake_engine.is_outside = true;
    rig_page_out(rig, 100); /* the loop makes its own room at first */
    rig_serve_guest(rig);
    before = nr_allocations();
    for (int round = 0; round < 3; round++) {
        rig_page_out(rig, 50);
        for (unsigned int vcpu = 0; vcpu < FAKE_VCPUS; vcpu++)
            guest_read(vcpu, vcpu * 3);
        rig_serve_guest(rig);
    }
    assert_int_equal(nr_allocations(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_is_overcome_on_stock),
        cmocka_unit_test(each_failure_is_overcome_on_patched),
        ON_BOTH(page_ins_and_page_outs_allocate_nothing),
    };

    return cmocka_run_group_tests_name("cycle", tests, NULL, NULL);
}
