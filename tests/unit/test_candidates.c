/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which gfns are tried next, over a policy and a fake hypervisor. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "candidates.h"
#include "capture.h"
#include "failing.h"
#include "fake_xen.h"
#include "index.h"
#include "pages.h"
#include "policy.h"
#include "xen_ops.h"

#define NR_GFNS 64u
#define MOMENT_MS 1000 /* after which a parked gfn is tried, if it was let go */
#define LATER_MS 60000 /* when a policy has forgotten what it was told */

static struct xen_ops *ops;
static struct pages *pages;
static struct policy *policy;
static struct candidates *candidates;
static unsigned int new_passes;

static void new_pass(void *arg)
{
    assert_ptr_equal(arg, &new_passes);
    new_passes++;
}

static struct candidates *create(void)
{
    const struct candidates_env env = {
        .ops = ops, .pages = pages, .policy = policy, .arg = &new_passes, .new_pass = new_pass};

    return candidates_create(&env);
}

static int setup(void **state)
{
    char message[256];
    uint32_t port;

    *state = NULL;
    fake_xen_create(NR_GFNS);
    assert_int_equal(xen_ops_open(FAKE_DOMID, &ops, message, sizeof(message)), 0);
    assert_int_equal(xen_enable_paging(ops, &port), 0);
    pages = pages_create(NR_GFNS, NULL);
    policy = policy_create("clock", NR_GFNS);
    candidates = create();
    new_passes = 0;
    return pages && policy && candidates ? pages_make_room(pages, 0) : -1;
}

static int setup_patched(void **state)
{
    return setup_on_patched(setup, state);
}

static int teardown(void **state)
{
    (void)state;
    candidates_destroy(candidates);
    policy_destroy(policy);
    pages_destroy(pages);
    xen_disable_paging(ops);
    xen_ops_close(ops);
    fake_xen_destroy();
    return 0;
}

static uint32_t next(int64_t now_ms)
{
    uint32_t gfn = UINT32_MAX;

    return candidates_next(candidates, now_ms, &gfn) ? gfn : UINT32_MAX;
}

static uint32_t next_parked(int64_t now_ms)
{
    uint32_t gfn = UINT32_MAX;

    return candidates_next_parked(candidates, now_ms, &gfn) ? gfn : UINT32_MAX;
}

/* The policy learns where there is RAM. */
static void look_for_ram(void)
{
    for (int i = 0; i < 4; i++)
        candidates_look_for_ram(candidates);
}

static void what_the_policy_proposes_comes_in_its_order(void **state)
{
    (void)state;
    look_for_ram();
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        assert_int_equal(next(0), gfn);
}

static void what_is_not_in_memory_is_passed_over(void **state)
{
    (void)state;
    look_for_ram();
    pages_nominate(pages, 0);
    pages_nominate(pages, 1);
    pages_commit(pages, 1, 7);
    assert_int_equal(next(0), 2);
    pages_give_up(pages, 0);
}

/* There may be memory for the larger policy, and none, or no space in the index, for the pages. */
static void what_only_the_policy_has_grown_for_is_passed_over(void **state)
{
    (void)state;
    look_for_ram();
    assert_int_equal(policy_grow(policy, 2 * NR_GFNS), 0);
    for (uint32_t i = 0; i < 2 * NR_GFNS; i++)
        assert_int_equal(next(0), i % NR_GFNS);
}

/* Others go out, whose part has some; and after a while it is tried again. */
static void a_gfn_that_there_is_no_room_for_is_passed_over(void **state)
{
    const struct index_owner owner = {.domid = FAKE_DOMID};
    const char *path = "/tmp/test_candidates.index";
    struct index *index;
    char message[256];

    (void)state;
    pages_destroy(pages);
    unlink(path);
    assert_int_equal(index_create(path, &owner, &index, message, sizeof(message)), 0);
    pages = pages_create(NR_GFNS, index);
    policy_destroy(policy);
    candidates_destroy(candidates);
    policy = policy_create("clock", NR_GFNS);
    candidates = create();
    look_for_ram();
    capture_begin();
    fail_nth(1);
    assert_int_equal(next(0), UINT32_MAX);
    assert_int_equal(failed_with(), ENOSPC);
    assert_int_equal(next(999), UINT32_MAX);
    assert_says(capture_end(), "stays in memory: no room in the index: No space left on device");
    assert_int_not_equal(next(1000), UINT32_MAX);
    index_remove(index);
    index_close(index);
}

static void the_search_ends_if_nothing_is_in_memory(void **state)
{
    (void)state;
    look_for_ram();
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        pages_nominate(pages, gfn);
    assert_int_equal(next(0), UINT32_MAX);
}

static void a_pass_over_all_ends_with_a_look_for_new_ram(void **state)
{
    bool passed = false;

    (void)state;
    look_for_ram();
    assert_int_equal(new_passes, 0);
    for (uint32_t gfn = 0; !passed && gfn < 2 * NR_GFNS; gfn++) {
        next(0);
        passed = candidates_look_for_ram(candidates);
    }
    assert_true(passed);
    assert_int_equal(new_passes, 1);
}

/* All that is known of to be RAM may be out: that of others is not known yet. */
static void no_pass_ends_before_all_regions_were_looked_at(void **state)
{
    const uint32_t nr_gfns = 100 * POLICY_REGION_GFNS;

    (void)state;
    candidates_destroy(candidates);
    policy_destroy(policy);
    pages_destroy(pages);
    pages = pages_create(nr_gfns, NULL);
    policy = policy_create("clock", nr_gfns);
    candidates = create();
    guest_give_up(0);
    for (int looks = 0; looks < 4; looks++) {
        assert_int_equal(next(0), UINT32_MAX);
        assert_false(candidates_look_for_ram(candidates));
    }
    assert_int_equal(next(0), UINT32_MAX);
    assert_true(candidates_look_for_ram(candidates));
}

static void a_page_in_use_is_parked_where_there_is_a_doorbell(void **state)
{
    (void)state;
    candidates_in_use(candidates, 5, 0);
    assert_int_equal(candidates_nr_parked(candidates), fake_xen_is_patched());
    assert_int_equal(candidates_parked_due_in(candidates, MOMENT_MS), -1);
    assert_int_equal(next_parked(MOMENT_MS), UINT32_MAX);
}

static void what_was_let_go_is_tried_once(void **state)
{
    (void)state;
    candidates_in_use(candidates, 5, 0);
    candidates_in_use(candidates, 6, 0);
    candidates_ring(candidates, true, MOMENT_MS);
    assert_int_equal(candidates_parked_due_in(candidates, MOMENT_MS), 0);
    assert_int_equal(next_parked(MOMENT_MS) + next_parked(MOMENT_MS), 5 + 6);
    assert_int_equal(next_parked(MOMENT_MS), UINT32_MAX);
    assert_int_equal(candidates_nr_parked(candidates), 2); /* until it is known what they are */
}

static void a_parked_gfn_that_is_not_in_memory_is_passed_over(void **state)
{
    (void)state;
    candidates_in_use(candidates, 5, 0);
    candidates_in_use(candidates, 6, 0);
    pages_nominate(pages, 5);
    candidates_ring(candidates, true, MOMENT_MS);
    assert_int_equal(next_parked(MOMENT_MS), 6);
    assert_int_equal(next_parked(MOMENT_MS), UINT32_MAX);
    pages_give_up(pages, 5);
}

static void what_left_or_cannot_go_is_parked_no_more(void **state)
{
    (void)state;
    candidates_in_use(candidates, 5, 0);
    candidates_in_use(candidates, 6, 0);
    candidates_nominated(candidates, 5);
    assert_int_equal(candidates_nr_parked(candidates), 1);
    candidates_unpageable(candidates, 6, 0);
    assert_int_equal(candidates_nr_parked(candidates), 0);
}

/* Whether gfn 1 is proposed between 0 and 2, now and after a long time. */
static void assert_left_out(void (*note)(struct candidates *candidates, uint32_t gfn,
                                         int64_t now_ms))
{
    look_for_ram();
    note(candidates, 1, 0);
    assert_int_equal(next(0), 0);
    assert_int_equal(next(0), 2);
    while (next(LATER_MS) != NR_GFNS - 1)
        continue;
    assert_int_equal(next(LATER_MS), 0);
}

static void a_page_in_use_is_left_out_for_a_while(void **state)
{
    (void)state;
    assert_left_out(candidates_in_use);
}

static void an_unpageable_page_is_left_out_for_a_while(void **state)
{
    (void)state;
    assert_left_out(candidates_unpageable);
}

static int create_and_destroy(void *arg)
{
    struct candidates *another = create();

    (void)arg;
    if (!another)
        return -errno;
    candidates_destroy(another);
    return 0;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(create_and_destroy, NULL);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    candidates_destroy(NULL);
}

#define ON_STOCK(test) NAMED_TEST(test, "stock", setup, teardown)
#define ON_PATCHED(test) NAMED_TEST(test, "patched", setup_patched, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STOCK(what_the_policy_proposes_comes_in_its_order),
        ON_STOCK(what_is_not_in_memory_is_passed_over),
        ON_STOCK(what_only_the_policy_has_grown_for_is_passed_over),
        ON_STOCK(a_gfn_that_there_is_no_room_for_is_passed_over),
        ON_STOCK(the_search_ends_if_nothing_is_in_memory),
        ON_STOCK(no_pass_ends_before_all_regions_were_looked_at),
        ON_STOCK(a_pass_over_all_ends_with_a_look_for_new_ram),
        ON_STOCK(a_page_in_use_is_parked_where_there_is_a_doorbell),
        ON_PATCHED(a_page_in_use_is_parked_where_there_is_a_doorbell),
        ON_PATCHED(what_was_let_go_is_tried_once),
        ON_PATCHED(a_parked_gfn_that_is_not_in_memory_is_passed_over),
        ON_PATCHED(what_left_or_cannot_go_is_parked_no_more),
        ON_STOCK(a_page_in_use_is_left_out_for_a_while),
        ON_STOCK(an_unpageable_page_is_left_out_for_a_while),
        ON_STOCK(failure_to_create_leaves_nothing_behind),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("candidates", tests, NULL, NULL);
}
