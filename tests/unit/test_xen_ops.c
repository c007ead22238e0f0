/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "failing.h"
#include "fake_xen.h"
#include "page.h"
#include "xen_ops.h"

#define NR_GFNS 128u
#define RING_GFN (NR_GFNS - 1)

static struct xen_ops *ops;

static int setup(void **state)
{
    char message[256];

    *state = NULL;
    fake_xen_create(NR_GFNS);
    return xen_ops_open(FAKE_DOMID, &ops, message, sizeof(message));
}

static int teardown(void **state)
{
    (void)state;
    fake_xen.gone = false;
    xen_disable_paging(ops);
    xen_ops_close(ops);
    fake_xen_assert_no_complaint();
    fake_xen_destroy();
    return 0;
}

static void enable(void)
{
    uint32_t port;

    assert_int_equal(xen_enable_paging(ops, &port), 0);
}

/* --- The domain. --- */

static void a_domain_is_described(void **state)
{
    struct xen_domain_info info;

    (void)state;
    assert_int_equal(xen_domain_info(ops, &info), 0);
    assert_true(info.hvm && info.hap && !info.dying);
    assert_int_equal(info.resident_pages, NR_GFNS);
    fake_xen.dying = fake_xen.no_hap = fake_xen.pv = true;
    assert_int_equal(xen_domain_info(ops, &info), 0);
    assert_true(!info.hvm && !info.hap && info.dying);
    assert_int_equal(xen_ops_domid(ops), FAKE_DOMID);
}

/* Xen answers for the next domain then. */
static void a_domain_that_is_gone_is_not_taken_for_the_next_one(void **state)
{
    struct xen_domain_info info;

    (void)state;
    fake_xen.gone = true;
    assert_int_equal(xen_domain_info(ops, &info), -ESRCH);
}

static void sizes_are_told(void **state)
{
    uint64_t value;

    (void)state;
    assert_int_equal(xen_max_gfn(ops, &value), 0);
    assert_int_equal(value, NR_GFNS - 1);
    fake_xen.free_host_pages = 1234;
    assert_int_equal(xen_free_host_pages(ops, &value), 0);
    assert_int_equal(value, 1234);
}

static void residency_is_asked_for_many_at_once(void **state)
{
    static uint32_t gfns[1024];
    static bool resident[1024];

    (void)state;
    enable();
    for (uint32_t i = 0; i < 1024; i++)
        gfns[i] = i;
    guest_give_up(3);
    assert_int_equal(xen_nominate(ops, 4), 0);
    assert_int_equal(xen_nominate(ops, 5), 0);
    assert_int_equal(xen_evict(ops, 5), 0);
    assert_int_equal(xen_are_resident(ops, gfns, 1024, resident), 0);
    for (uint32_t i = 0; i < 1024; i++)
        assert_int_equal(resident[i], i < NR_GFNS && i != 3 && i != 5);
    assert_int_equal(xen_cancel_nomination(ops, 4), 0);
    assert_int_equal(fake_xen_nr_calls(CALL_FRAME_INFO), 1);
}

static void the_domain_is_paused_and_unpaused(void **state)
{
    (void)state;
    assert_int_equal(xen_pause(ops), 0);
    assert_true(fake_xen_is_paused());
    assert_int_equal(xen_unpause(ops), 0);
    assert_false(fake_xen_is_paused());
}

/* --- The probe. --- */

static void the_probe_tells_a_free_domain_from_one_with_a_pager(void **state)
{
    (void)state;
    assert_int_equal(xen_probe_paging(ops), 0);
    enable();
    assert_int_equal(xen_probe_paging(ops), -EBUSY);
    assert_int_equal(xen_disable_paging(ops), 0);
    assert_int_equal(xen_probe_paging(ops), 0);
}

static void what_the_probe_cannot_know_comes_up_as_it_is(void **state)
{
    static const int errors[] = {ENOSYS, EPERM, ESRCH};

    (void)state;
    for (int i = 0; i < 3; i++) {
        fake_xen_fail(CALL_PREP, 1, errors[i]);
        assert_int_equal(xen_probe_paging(ops), -errors[i]);
    }
}

/* --- The ring's page. --- */

static void the_ring_can_be_mapped_removed_and_made_anew(void **state)
{
    uint64_t gfn;
    char *page;

    (void)state;
    assert_int_equal(xen_ring_gfn(ops, &gfn), 0);
    assert_int_equal(gfn, RING_GFN);
    assert_int_equal(xen_map_ring(ops, gfn, (void **)&page), 0);
    page[PAGE_BYTES - 1] = 1; /* it is there, and to be written to */
    xen_unmap_ring(ops, page);
    assert_int_equal(xen_remove_ring(ops, gfn), 0);
    assert_false(fake_xen_ring_is_in_physmap());
    assert_int_equal(xen_map_ring(ops, gfn, (void **)&page), -EINVAL);
    assert_int_equal(xen_populate_ring(ops, gfn), 0);
    assert_int_equal(xen_map_ring(ops, gfn, (void **)&page), 0);
    xen_unmap_ring(ops, page);
}

static void a_ring_that_cannot_be_asked_for_is_not_made_up(void **state)
{
    uint64_t gfn;

    (void)state;
    fake_xen_fail(CALL_HVM_PARAM, 1, EINVAL);
    assert_int_equal(xen_ring_gfn(ops, &gfn), -EINVAL);
}

/* --- Pages. --- */

static void a_page_goes_out_and_comes_back(void **state)
{
    static _Alignas(PAGE_BYTES) char page[PAGE_BYTES], expected[PAGE_BYTES];
    const uint32_t gfn = 9;
    void *const copies[] = {page};
    int error;

    (void)state;
    enable();
    fake_xen_expected(gfn, expected);
    assert_int_equal(xen_nominate(ops, gfn), 0);
    xen_copy_out(ops, &gfn, 1, copies, &error);
    assert_int_equal(error, 0);
    assert_memory_equal(page, expected, PAGE_BYTES);
    assert_int_equal(xen_evict(ops, gfn), 0);
    assert_int_equal(fake_xen_resident(), NR_GFNS - 1);
    assert_int_equal(xen_load(ops, gfn, page), 0);
    assert_true(guest_read(0, gfn));
    fake_xen_assert_at_peace();
}

/* The frames must not be held any more, or evict could not be the last to hold them. */
static void a_batch_is_copied_and_not_held(void **state)
{
    static _Alignas(PAGE_BYTES) char pages[XEN_MAX_COPY][PAGE_BYTES];
    uint32_t gfns[XEN_MAX_COPY];
    void *copies[XEN_MAX_COPY];
    int errors[XEN_MAX_COPY];

    (void)state;
    enable();
    guest_give_up(7);
    for (uint32_t i = 0; i < XEN_MAX_COPY; i++) {
        gfns[i] = i;
        copies[i] = pages[i];
        assert_int_equal(xen_nominate(ops, i), i == 7 ? -EBUSY : 0);
    }
    xen_copy_out(ops, gfns, XEN_MAX_COPY, copies, errors);
    for (uint32_t i = 0; i < XEN_MAX_COPY; i++) {
        assert_int_equal(errors[i] < 0, i == 7);
        assert_int_equal(xen_evict(ops, i), i == 7 ? -EBUSY : 0);
    }
}

static void a_batch_that_cannot_be_mapped_fails_as_a_whole(void **state)
{
    static _Alignas(PAGE_BYTES) char page[PAGE_BYTES];
    const uint32_t gfns[] = {1, 2};
    void *const copies[] = {page, page};
    int errors[2] = {0};

    (void)state;
    fake_xen_fail(CALL_MAP, 1, ENOMEM);
    xen_copy_out(ops, gfns, 2, copies, errors);
    assert_int_equal(errors[0], -ENOMEM);
    assert_int_equal(errors[1], -ENOMEM);
}

static void a_page_in_use_is_busy(void **state)
{
    (void)state;
    enable();
    assert_int_equal(foreign_map(3), 0);
    assert_int_equal(xen_nominate(ops, 3), -EBUSY);
    foreign_unmap(3);
    assert_int_equal(xen_nominate(ops, 3), 0);
    assert_int_equal(foreign_map(3), 0);
    assert_int_equal(xen_evict(ops, 3), -EBUSY);
    foreign_unmap(3);
    assert_int_equal(xen_evict(ops, 3), 0);
    assert_int_equal(xen_evict(ops, 3), -EBUSY);
}

static void loading_has_its_own_errors(void **state)
{
    static _Alignas(PAGE_BYTES) char page[PAGE_BYTES];

    (void)state;
    enable();
    fake_xen_expected(3, page);
    assert_int_equal(xen_load(ops, 3, page), -ENOENT); /* it is not out */
    assert_int_equal(xen_nominate(ops, 3), 0);
    assert_int_equal(xen_load(ops, 3, page), -ENOENT);
    assert_int_equal(xen_evict(ops, 3), 0);
    assert_int_equal(xen_prep(ops, 3), -EINVAL); /* it is out, and there is no frame */
    fake_xen.free_host_pages = 0;
    assert_int_equal(xen_load(ops, 3, page), -ENOMEM);
    fake_xen.free_host_pages = 1;
    assert_int_equal(xen_load(ops, 3, page), 0);
    assert_int_equal(xen_prep(ops, 3), -ENOENT);
}

/* --- Taking a nomination back. --- */

static void a_nomination_is_taken_back_by_a_request_that_is_still_to_come(void **state)
{
    (void)state;
    enable();
    assert_int_equal(xen_nominate(ops, 3), 0);
    assert_int_equal(xen_cancel_nomination(ops, 3), 0);
    assert_int_equal(fake_xen_type(3), TYPE_RAM_RW);
    assert_int_equal(fake_xen_nr_unanswered(), 1);
    assert_true(guest_read(0, 3));
}

static void a_nomination_that_the_guest_undid_is_completed(void **state)
{
    (void)state;
    enable();
    assert_int_equal(xen_nominate(ops, 3), 0);
    foreign_copy(3);
    assert_int_equal(fake_xen_type(3), TYPE_PAGING_IN);
    assert_int_equal(xen_cancel_nomination(ops, 3), 0);
    assert_int_equal(fake_xen_type(3), TYPE_RAM_RW);
    assert_int_equal(fake_xen_nr_unanswered(), 1); /* no second one */
}

static void a_nomination_that_is_none_any_more_is_no_error(void **state)
{
    (void)state;
    enable();
    assert_int_equal(xen_cancel_nomination(ops, 3), 0);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
}

static void a_gfn_that_is_gone_cannot_be_taken_back(void **state)
{
    (void)state;
    enable();
    assert_int_equal(xen_nominate(ops, 3), 0);
    guest_give_up(3);
    assert_int_equal(xen_cancel_nomination(ops, 3), -EINVAL);
}

static void a_full_ring_is_told_of_and_changes_nothing(void **state)
{
    (void)state;
    enable();
    for (uint32_t gfn = 10; gfn < 18; gfn++) {
        assert_int_equal(xen_nominate(ops, gfn), 0);
        assert_int_equal(foreign_copy(gfn), -EAGAIN);
    }
    assert_int_equal(xen_nominate(ops, 3), 0);
    assert_int_equal(xen_cancel_nomination(ops, 3), -EAGAIN);
    assert_int_equal(fake_xen_type(3), TYPE_PAGING_OUT);
}

/* --- Errors. --- */

static void a_domain_that_is_gone_is_minus_esrch_everywhere(void **state)
{
    static _Alignas(PAGE_BYTES) char page[PAGE_BYTES];
    uint64_t value;
    uint32_t port, gfn = 1;
    bool resident;

    (void)state;
    fake_xen.gone = true;
    assert_int_equal(xen_nominate(ops, 1), -ESRCH);
    assert_int_equal(xen_evict(ops, 1), -ESRCH);
    assert_int_equal(xen_load(ops, 1, page), -ESRCH);
    assert_int_equal(xen_prep(ops, 1), -ESRCH);
    assert_int_equal(xen_cancel_nomination(ops, 1), -ESRCH);
    assert_int_equal(xen_are_resident(ops, &gfn, 1, &resident), -ESRCH);
    assert_int_equal(xen_max_gfn(ops, &value), -ESRCH);
    assert_int_equal(xen_ring_gfn(ops, &value), -ESRCH);
    assert_int_equal(xen_enable_paging(ops, &port), -ESRCH);
    assert_int_equal(xen_probe_paging(ops), -ESRCH);
    assert_int_equal(xen_pause(ops), -ESRCH);
}

static int open_and_close(void *arg)
{
    struct xen_ops *other;
    char message[256] = "";
    int rc = xen_ops_open(FAKE_DOMID, &other, message, sizeof(message));

    (void)arg;
    if (rc)
        assert_one_line(message);
    else
        xen_ops_close(other);
    return rc;
}

static void failure_to_open_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(open_and_close, NULL);
}

static void closing_nothing_is_allowed(void **state)
{
    (void)state;
    xen_ops_close(NULL);
}

#define WITH_XEN(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_XEN(a_domain_is_described),
        WITH_XEN(a_domain_that_is_gone_is_not_taken_for_the_next_one),
        WITH_XEN(sizes_are_told),
        WITH_XEN(residency_is_asked_for_many_at_once),
        WITH_XEN(the_domain_is_paused_and_unpaused),
        WITH_XEN(the_probe_tells_a_free_domain_from_one_with_a_pager),
        WITH_XEN(what_the_probe_cannot_know_comes_up_as_it_is),
        WITH_XEN(the_ring_can_be_mapped_removed_and_made_anew),
        WITH_XEN(a_ring_that_cannot_be_asked_for_is_not_made_up),
        WITH_XEN(a_page_goes_out_and_comes_back),
        WITH_XEN(a_batch_is_copied_and_not_held),
        WITH_XEN(a_batch_that_cannot_be_mapped_fails_as_a_whole),
        WITH_XEN(a_page_in_use_is_busy),
        WITH_XEN(loading_has_its_own_errors),
        WITH_XEN(a_nomination_is_taken_back_by_a_request_that_is_still_to_come),
        WITH_XEN(a_nomination_that_the_guest_undid_is_completed),
        WITH_XEN(a_nomination_that_is_none_any_more_is_no_error),
        WITH_XEN(a_gfn_that_is_gone_cannot_be_taken_back),
        WITH_XEN(a_full_ring_is_told_of_and_changes_nothing),
        WITH_XEN(a_domain_that_is_gone_is_minus_esrch_everywhere),
        WITH_XEN(failure_to_open_leaves_nothing_behind),
        cmocka_unit_test(closing_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("xen_ops", tests, NULL, NULL);
}
