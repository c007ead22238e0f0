/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>

#include "capture.h"
#include "fake_xen.h"
#include "policy.h"
#include "ram_map.h"
#include "xen_ops.h"

#define REGION POLICY_REGION_GFNS
#define NR_REGIONS 4u
#define NR_GFNS (NR_REGIONS * REGION + 1) /* the last one is the ring's */

static struct xen_ops *ops;
static struct policy *policy;

static int setup(void **state)
{
    char message[256];

    *state = NULL;
    be_quiet(true);
    fake_xen_create(NR_GFNS);
    policy = policy_create("clock", NR_GFNS);
    return policy ? xen_ops_open(FAKE_DOMID, &ops, message, sizeof(message)) : -1;
}

static int teardown(void **state)
{
    (void)state;
    policy_destroy(policy);
    xen_ops_close(ops);
    fake_xen_destroy();
    return 0;
}

static void make_holes(uint32_t first, uint32_t end)
{
    for (uint32_t gfn = first; gfn < end; gfn++)
        guest_give_up(gfn);
}

/* Whether a region is RAM to the policy, which tries it within a pass then. */
static bool is_ram(uint32_t region)
{
    uint32_t gfn;

    for (uint32_t i = 0; i < 2 * NR_GFNS; i++)
        if (policy_next(policy, 0, &gfn) && gfn / REGION == region)
            return true;
    return false;
}

static void look_at_all(void)
{
    uint32_t region = 0;

    while (region < policy_nr_regions(NR_GFNS))
        region = ram_map_refresh(ops, policy, NR_GFNS, region);
    assert_int_equal(region, policy_nr_regions(NR_GFNS));
}

static void regions_with_ram_are_found_and_holes_are_not(void **state)
{
    (void)state;
    make_holes(REGION, 3 * REGION);
    look_at_all();
    assert_true(is_ram(0));
    assert_false(is_ram(1));
    assert_false(is_ram(2));
    assert_true(is_ram(3));
}

static void a_region_that_is_almost_a_hole_is_ram(void **state)
{
    (void)state;
    make_holes(REGION, 2 * REGION - 1);
    guest_take(REGION + 3 * REGION / 8); /* one of the 8 that are looked at */
    look_at_all();
    assert_true(is_ram(1));
}

static void ram_that_comes_later_is_found_by_the_next_pass(void **state)
{
    (void)state;
    make_holes(REGION, 2 * REGION);
    look_at_all();
    assert_false(is_ram(1));
    for (uint32_t gfn = REGION; gfn < 2 * REGION; gfn++)
        guest_take(gfn);
    look_at_all();
    assert_true(is_ram(1));
}

static void a_region_once_ram_stays_so(void **state)
{
    (void)state;
    look_at_all();
    make_holes(REGION, 2 * REGION);
    look_at_all();
    assert_true(is_ram(1));
}

static void one_hypercall_looks_at_many_regions(void **state)
{
    (void)state;
    look_at_all();
    assert_int_equal(fake_xen_nr_calls(CALL_FRAME_INFO), 1);
}

static void a_large_guest_takes_many_hypercalls_none_of_which_is_long(void **state)
{
    const uint32_t nr_gfns = 300 * REGION;
    struct policy *large = policy_create("clock", nr_gfns);
    uint32_t region = 0;

    (void)state;
    while (region < 300)
        region = ram_map_refresh(ops, large, nr_gfns, region);
    assert_int_equal(region, 300);
    assert_int_equal(fake_xen_nr_calls(CALL_FRAME_INFO), 10); /* of 32 regions */
    policy_destroy(large);
}

static void failure_skips_the_regions(void **state)
{
    (void)state;
    fake_xen_fail(CALL_FRAME_INFO, 1, EFAULT);
    assert_int_equal(ram_map_refresh(ops, policy, NR_GFNS, 0), policy_nr_regions(NR_GFNS));
    assert_false(is_ram(0));
    assert_int_equal(ram_map_refresh(ops, policy, NR_GFNS, 0), policy_nr_regions(NR_GFNS));
    assert_true(is_ram(0));
}

#define WITH_XEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_XEN(regions_with_ram_are_found_and_holes_are_not),
        WITH_XEN(a_region_that_is_almost_a_hole_is_ram),
        WITH_XEN(ram_that_comes_later_is_found_by_the_next_pass),
        WITH_XEN(a_region_once_ram_stays_so),
        WITH_XEN(one_hypercall_looks_at_many_regions),
        WITH_XEN(a_large_guest_takes_many_hypercalls_none_of_which_is_long),
        WITH_XEN(failure_skips_the_regions),
    };

    return cmocka_run_group_tests_name("ram_map", tests, NULL, NULL);
}
