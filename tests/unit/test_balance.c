/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many pages are to be out, with all the rest of the way out and in behind it. */
#include "rig.h"

#include <errno.h>

#include "failing.h"
#include "one_page.h"

#define SLACK 128u    /* how far below its target the guest stays before anything is fetched */
#define RESERVE 2048u /* what fetches leave to the host */

static int setup(void **state)
{
    struct rig *rig;

    rig_setup_balanced(state);
    rig = *state;
    fake_xen.free_host_pages = 100000;
    loop_settle(rig->base);
    return 0;
}

static int setup_patched(void **state)
{
    return setup_on_patched(setup, state);
}

static void set_target(struct rig *rig, uint64_t pages)
{
    balance_set_target(rig->balance, pages);
    loop_for(rig->base, 3000);
}

/* The ring's page counts too, to Xen and so to us. */
static void assert_resident(struct rig *rig, uint64_t pages)
{
    assert_int_equal(fake_xen_resident(), pages);
    assert_int_equal(balance_resident(rig->balance), pages);
    assert_int_equal(pages_nr_paged(rig->pages), RIG_GFNS - pages);
}

static void without_a_target_nothing_goes_out(void **state)
{
    struct rig *rig = *state;

    loop_for(rig->base, 30000);
    assert_resident(rig, RIG_GFNS);
    assert_int_equal(balance_excess(rig->balance), 0);
}

static void a_lower_target_is_reached_exactly(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 200);
    assert_resident(rig, 200);
    set_target(rig, 117);
    assert_resident(rig, 117);
    assert_int_equal(balance_target(rig->balance), 117);
}

static void a_target_below_the_minimum_is_raised_to_it(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 1);
    assert_int_equal(balance_target(rig->balance), 16);
    assert_resident(rig, 16);
}

static void a_target_above_all_there_is_changes_nothing(void **state)
{
    struct rig *rig = *state;

    set_target(rig, UINT64_MAX / 2);
    assert_resident(rig, RIG_GFNS);
}

static void a_page_in_is_made_up_for_by_a_page_out(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 100);
    for (uint32_t gfn = 0; gfn < 10; gfn++) {
        guest_read(0, gfn);
        rig_serve_guest(rig);
    }
    loop_for(rig->base, 1000);
    assert_int_equal(fake_xen_resident(), 100);
}

static void page_in(struct rig *rig, uint32_t nr)
{
    for (uint32_t gfn = 0; gfn < nr; gfn++) {
        guest_read(0, gfn);
        rig_serve_guest(rig);
    }
    loop_for(rig->base, 1000);
}

/* The target is 768 pages; a 256th of it is the room that is made below it. */
static void a_batch_makes_up_for_several_page_ins(void **state)
{
    struct rig *rig = rig_create(1024, "clock");

    (void)state;
    rig->balanced = true;
    set_target(rig, 768);
    assert_int_equal(fake_xen_resident(), 765);
    page_in(rig, 3);
    assert_int_equal(fake_xen_resident(), 768);
    page_in(rig, 4);
    assert_int_equal(fake_xen_resident(), 765);
    rig_destroy(rig);
}

static void the_room_is_no_more_than_a_batch(void **state)
{
    struct rig *rig = rig_create(80000, "clock");

    (void)state;
    rig->balanced = true;
    set_target(rig, 79000);
    assert_int_equal(fake_xen_resident(), 79000 - EVICT_BATCH);
    rig_destroy(rig);
}

static void what_the_guest_balloons_out_is_not_paged_out_too(void **state)
{
    struct rig *rig = *state;

    for (uint32_t gfn = 200; gfn < 220; gfn++)
        guest_give_up(gfn);
    set_target(rig, RIG_GFNS - 20);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
}

static void what_the_guest_balloons_in_is_noticed_in_time(void **state)
{
    struct rig *rig = *state;

    for (uint32_t gfn = 200; gfn < 220; gfn++)
        guest_give_up(gfn);
    set_target(rig, RIG_GFNS - 20);
    for (uint32_t gfn = 200; gfn < 220; gfn++)
        guest_take(gfn);
    loop_for(rig->base, 6000);
    assert_int_equal(fake_xen_resident(), RIG_GFNS - 20);
}

/* As while it is built: whoever does that may have no memory for it before other pages are out. */
static void a_guest_that_grows_is_held_at_its_target(void **state)
{
    struct rig *rig = *state;
    uint64_t most = 0;

    for (uint32_t gfn = 200; gfn < 220; gfn++)
        guest_give_up(gfn);
    balance_set_target(rig->balance, RIG_GFNS - 20);
    loop_settle(rig->base);
    for (uint32_t gfn = 200; gfn < 220; gfn++) {
        guest_take(gfn);
        loop_for(rig->base, 20);
        if (fake_xen_resident() > most)
            most = fake_xen_resident();
    }
    assert_in_range(most, RIG_GFNS - 20, RIG_GFNS - 20 + 2);
}

/* --- Fetching. --- */

static void a_raised_target_fetches_up_to_a_little_below_it(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 50);
    set_target(rig, 200);
    assert_in_range(balance_resident(rig->balance), 200 - SLACK, 200);
    assert_int_equal(fake_xen_resident(), balance_resident(rig->balance));
}

static void a_small_raise_fetches_nothing(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 50);
    set_target(rig, 50 + SLACK);
    assert_resident(rig, 50);
}

static void the_newest_are_fetched_first(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 56); /* gfns 0 to 199 go out, in this order */
    set_target(rig, 220);
    for (uint32_t gfn = 0; gfn < 130; gfn++)
        assert_int_equal(pages_state(rig->pages, gfn), PAGE_PAGED);
    for (uint32_t gfn = 164; gfn < 200; gfn++)
        assert_int_equal(pages_state(rig->pages, gfn), PAGE_RESIDENT);
}

static void no_target_any_more_fetches_all(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 50);
    set_target(rig, 0);
    assert_resident(rig, RIG_GFNS);
    assert_int_equal(rig->stats.refaults, 0);
}

static void fetches_leave_a_reserve_to_the_host(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 50);
    fake_xen.free_host_pages = RESERVE + 30;
    set_target(rig, 0);
    loop_for(rig->base, 30000);
    assert_int_equal(fake_xen.free_host_pages, RESERVE);
    assert_int_equal(balance_resident(rig->balance), 50 + 30);
    fake_xen.free_host_pages = RESERVE + 1000;
    loop_for(rig->base, 12000);
    assert_resident(rig, RIG_GFNS);
}

static void fetched_pages_do_not_go_out_again(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 50);
    set_target(rig, 200);
    loop_for(rig->base, 60000);
    assert_int_equal(rig->stats.page_outs, RIG_GFNS - 50);
}

static void without_knowing_the_host_nothing_is_fetched(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 50);
    fake_xen_fail(CALL_PHYSINFO, 100, EPERM);
    set_target(rig, 0);
    assert_resident(rig, 50);
    fake_xen_fail(CALL_PHYSINFO, 0, 0);
}

/* --- Draining. --- */

static void a_drain_brings_everything_back(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 30);
    assert_false(balance_is_draining(rig->balance));
    balance_drain(rig->balance);
    assert_true(balance_is_draining(rig->balance));
    loop_for(rig->base, 5000);
    assert_resident(rig, RIG_GFNS);
    assert_true(rig->drained > 0);
}

static void a_drain_with_nothing_out_is_over_soon(void **state)
{
    struct rig *rig = *state;
    int64_t start = fake_time_ms();

    rig_drain(rig);
    assert_true(fake_time_ms() - start < 2000);
}

static void a_drain_in_the_middle_of_a_batch_waits_for_it(void **state)
{
    struct rig *rig = *state;

    fake_engine.hold = true;
    set_target(rig, 200);
    assert_true(evict_is_busy(rig->evict));
    balance_drain(rig->balance);
    loop_for(rig->base, 5000);
    assert_int_equal(rig->drained, 0);
    fake_engine_release();
    loop_for(rig->base, 5000);
    assert_true(rig->drained > 0);
    assert_resident(rig, RIG_GFNS);
}

static void a_drain_serves_the_guest_meanwhile(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 30);
    fake_engine.hold = true;
    balance_drain(rig->balance);
    loop_settle(rig->base);
    for (unsigned int vcpu = 0; vcpu < FAKE_VCPUS; vcpu++)
        guest_write(vcpu, vcpu);
    fake_engine_release();
    rig_serve_guest(rig);
    loop_for(rig->base, 3000);
    assert_true(rig->drained > 0);
}

static void a_drain_takes_the_hosts_last_page(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 56);
    fake_xen.free_host_pages = 200; /* far below the reserve for fetches */
    balance_drain(rig->balance);
    loop_for(rig->base, 10000);
    assert_resident(rig, RIG_GFNS);
}

static void a_drain_waits_for_the_host_to_have_memory(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 56);
    fake_xen.free_host_pages = 50;
    balance_drain(rig->balance);
    loop_for(rig->base, 20000);
    assert_int_equal(rig->drained, 0);
    assert_int_equal(balance_resident(rig->balance), 56 + 50);
    assert_int_equal(balance_excess(rig->balance), 0); /* nothing goes out for it */
    fake_xen.free_host_pages = 1000;
    loop_for(rig->base, 3000);
    assert_true(rig->drained > 0);
}

/* --- Short of memory. --- */

static void a_fault_without_host_memory_makes_room_by_paging_out(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 200);
    fake_xen.free_host_pages = 0;
    assert_false(guest_read(0, 1));
    loop_for(rig->base, 1000);
    assert_false(guest_is_waiting(0));
    fake_xen.free_host_pages += 1000;
}

static void with_no_target_a_fault_without_host_memory_makes_room_too(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 200);
    fake_xen.free_host_pages = 0;
    balance_set_target(rig->balance, 0);
    loop_for(rig->base, 100);
    assert_false(guest_read(0, 1));
    loop_for(rig->base, 1000);
    assert_false(guest_is_waiting(0));
    fake_xen.free_host_pages += 10000;
    loop_for(rig->base, 15000);
    assert_resident(rig, RIG_GFNS); /* and later all is fetched back */
}

/* A vCPU must not wait for eviction to end its rest, which may be one of 10 seconds. */
static void a_fault_without_host_memory_ends_a_rest(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 200);
    fake_engine.fail_writes = 100000;
    balance_set_target(rig->balance, 100);
    loop_for(rig->base, 60000); /* the store is in trouble: the rests grow */
    fake_engine.fail_writes = 0;
    fake_xen.free_host_pages = 0;
    assert_false(guest_read(0, 1));
    loop_for(rig->base, 1000);
    if (guest_is_waiting(0))
        fail_msg("the guest waits for a rest of eviction");
    fake_xen.free_host_pages += 1000;
}

static void when_nothing_can_go_out_fetching_is_not_over_for_ever(void **state)
{
    struct rig *rig = *state;

    set_target(rig, 200);
    for (uint32_t gfn = 0; gfn < RIG_GFNS - 1; gfn++) /* all that is resident is in use */
        if (pages_state(rig->pages, gfn) == PAGE_RESIDENT)
            assert_int_equal(foreign_map(gfn), 0);
    fake_xen.free_host_pages = 0;
    assert_false(guest_read(0, 1));
    loop_for(rig->base, 1000);
    fake_xen.free_host_pages = 100000; /* the host has plenty again */
    set_target(rig, 0);
    loop_for(rig->base, 60000);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
    for (uint32_t gfn = 60; gfn < RIG_GFNS - 1; gfn++)
        if (nominate_one(rig->ops, gfn))
            foreign_unmap(gfn);
}

/* --- The domain. --- */

static void a_domain_that_is_dying_is_suspected(void **state)
{
    struct rig *rig = *state;

    fake_xen.dying = true;
    loop_for(rig->base, 6000);
    assert_true(rig->suspect_gone > 0);
    fake_xen.dying = false;
}

static void an_idle_guest_is_looked_at_seldom(void **state)
{
    struct rig *rig = *state;
    unsigned int before;

    loop_for(rig->base, 10000); /* from 0 to what it has is growth, too */
    before = fake_xen_nr_calls(CALL_DOMAIN_INFO);
    loop_for(rig->base, 60000);
    assert_in_range(fake_xen_nr_calls(CALL_DOMAIN_INFO) - before, 10, 14);
}

/* --- Memory of our own. --- */

static int create_and_destroy(void *arg)
{
    struct rig *rig = arg;
    const struct balance_env env = {.base = rig->base, .ops = rig->ops, .pages = rig->pages};
    struct balance *balance = balance_create(&env);

    if (!balance)
        return -errno;
    balance_destroy(balance);
    return 0;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    check_every_failure(create_and_destroy, *state);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    balance_destroy(NULL);
}

#define BALANCED_ON_BOTH(test)                                                                     \
    NAMED_TEST(test, "stock", setup, rig_teardown),                                                \
        NAMED_TEST(test, "patched", setup_patched, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BALANCED_ON_BOTH(without_a_target_nothing_goes_out),
        BALANCED_ON_BOTH(a_lower_target_is_reached_exactly),
        BALANCED_ON_BOTH(a_target_below_the_minimum_is_raised_to_it),
        BALANCED_ON_BOTH(a_target_above_all_there_is_changes_nothing),
        BALANCED_ON_BOTH(a_page_in_is_made_up_for_by_a_page_out),
        BALANCED_ON_BOTH(what_the_guest_balloons_out_is_not_paged_out_too),
        BALANCED_ON_BOTH(what_the_guest_balloons_in_is_noticed_in_time),
        BALANCED_ON_BOTH(a_guest_that_grows_is_held_at_its_target),
        BALANCED_ON_BOTH(a_raised_target_fetches_up_to_a_little_below_it),
        BALANCED_ON_BOTH(a_small_raise_fetches_nothing),
        BALANCED_ON_BOTH(the_newest_are_fetched_first),
        BALANCED_ON_BOTH(no_target_any_more_fetches_all),
        BALANCED_ON_BOTH(fetches_leave_a_reserve_to_the_host),
        BALANCED_ON_BOTH(fetched_pages_do_not_go_out_again),
        BALANCED_ON_BOTH(without_knowing_the_host_nothing_is_fetched),
        BALANCED_ON_BOTH(a_drain_brings_everything_back),
        BALANCED_ON_BOTH(a_drain_with_nothing_out_is_over_soon),
        BALANCED_ON_BOTH(a_drain_in_the_middle_of_a_batch_waits_for_it),
        BALANCED_ON_BOTH(a_drain_serves_the_guest_meanwhile),
        BALANCED_ON_BOTH(a_drain_takes_the_hosts_last_page),
        BALANCED_ON_BOTH(a_drain_waits_for_the_host_to_have_memory),
        BALANCED_ON_BOTH(a_fault_without_host_memory_makes_room_by_paging_out),
        BALANCED_ON_BOTH(with_no_target_a_fault_without_host_memory_makes_room_too),
        BALANCED_ON_BOTH(a_fault_without_host_memory_ends_a_rest),
        BALANCED_ON_BOTH(when_nothing_can_go_out_fetching_is_not_over_for_ever),
        BALANCED_ON_BOTH(a_domain_that_is_dying_is_suspected),
        BALANCED_ON_BOTH(an_idle_guest_is_looked_at_seldom),
        BALANCED_ON_BOTH(failure_to_create_leaves_nothing_behind),
        cmocka_unit_test(a_batch_makes_up_for_several_page_ins),
        cmocka_unit_test(the_room_is_no_more_than_a_batch),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("balance", tests, NULL, NULL);
}
