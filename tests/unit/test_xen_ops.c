/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "failing.h"
#include "fake_xen.h"
#include "one_page.h"
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

static int setup_patched(void **state)
{
    return setup_on_patched(setup, state);
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
    assert_int_equal(nominate_one(ops, 4), 0);
    assert_int_equal(nominate_one(ops, 5), 0);
    assert_int_equal(evict_one(ops, 5), 0);
    assert_int_equal(xen_are_resident(ops, gfns, 1024, resident), 0);
    for (uint32_t i = 0; i < 1024; i++)
        assert_int_equal(resident[i], i < NR_GFNS && i != 3 && (i != 5 || fake_xen_is_patched()));
    assert_int_equal(cancel_one(ops, 4), 0);
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

    (void)state;
    enable();
    fake_xen_expected(gfn, expected);
    assert_int_equal(copy_one(ops, gfn, page), 0);
    assert_memory_equal(page, expected, PAGE_BYTES);
    assert_int_equal(evict_one(ops, gfn), 0);
    assert_int_equal(fake_xen_resident(), NR_GFNS - 1);
    assert_int_equal(xen_load(ops, gfn, page), 0);
    assert_true(guest_read(0, gfn));
    fake_xen_assert_at_peace();
}

static _Alignas(PAGE_BYTES) char copies[XEN_MAX_STEP][PAGE_BYTES];
static struct xen_page pages[XEN_MAX_STEP];

static unsigned int prepare_step(void)
{
    for (uint32_t i = 0; i < xen_step(ops); i++)
        pages[i] = (struct xen_page){.gfn = i, .copy = copies[i]};
    return xen_step(ops);
}

/* The frames must not be held any more, or evict could not be the last to hold them. */
static void a_batch_is_copied_and_not_held(void **state)
{
    char expected[PAGE_BYTES];
    unsigned int nr;

    (void)state;
    enable();
    guest_give_up(7);
    nr = prepare_step();
    assert_in_range(nr, 8, XEN_MAX_STEP);
    xen_nominate(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++) {
        fake_xen_expected(i, expected);
        assert_int_equal(pages[i].rc < 0, i == 7);
        if (i != 7)
            assert_memory_equal(copies[i], expected, PAGE_BYTES);
    }
    pages[7] = pages[--nr];
    xen_evict(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++)
        assert_int_equal(pages[i].rc, 0);
    assert_int_equal(fake_xen_count(TYPE_PAGED), nr);
}

static void nothing_to_do_is_nothing_done(void **state)
{
    (void)state;
    enable();
    xen_nominate(ops, pages, 0);
    xen_evict(ops, pages, 0);
    xen_cancel(ops, pages, 0);
    assert_int_equal(fake_xen_nr_calls(CALL_PAUSE), 0);
    assert_int_equal(fake_xen_nr_calls(CALL_BATCH), fake_xen_is_patched()); /* the probe */
}

static void a_batch_that_cannot_be_mapped_has_no_copies(void **state)
{
    unsigned int nr;

    (void)state;
    enable();
    nr = prepare_step();
    fake_xen_fail(CALL_MAP, 1, ENOMEM);
    xen_nominate(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++)
        assert_int_equal(pages[i].rc, -EFAULT);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), nr);
}

static void without_a_pause_nothing_is_nominated(void **state)
{
    unsigned int nr;

    (void)state;
    enable();
    nr = prepare_step();
    fake_xen_fail(CALL_PAUSE, 1, EINVAL);
    xen_nominate(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++)
        assert_int_equal(pages[i].rc, -EAGAIN); /* there is nothing to be cancelled */
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), 0);
}

static void a_guest_that_could_not_be_unpaused_is_remembered(void **state)
{
    (void)state;
    enable();
    fake_xen_fail(CALL_UNPAUSE, 3, ENOMEM);
    assert_int_equal(nominate_one(ops, 3), 0);
    assert_true(fake_xen_is_paused());
    assert_int_equal(xen_go_on(ops), -ENOMEM);
    assert_int_equal(xen_pause(ops), 0);
    assert_int_equal(xen_unpause(ops), -ENOMEM);
    assert_int_equal(xen_go_on(ops), 0); /* both pauses are undone */
    assert_false(fake_xen_is_paused());
    assert_int_equal(xen_go_on(ops), 0);
    assert_int_equal(cancel_one(ops, 3), 0);
}

static void what_is_gone_needs_not_go_on(void **state)
{
    (void)state;
    assert_int_equal(xen_pause(ops), 0);
    fake_xen_fail(CALL_UNPAUSE, 1, ESRCH);
    assert_int_equal(xen_unpause(ops), -ESRCH);
    assert_int_equal(xen_go_on(ops), 0);
    assert_int_equal(fake_xen_nr_calls(CALL_UNPAUSE), 1);
}

static void closing_tries_once_more_to_unpause_the_guest(void **state)
{
    char message[256];

    (void)state;
    assert_int_equal(xen_pause(ops), 0);
    fake_xen_fail(CALL_UNPAUSE, 1, ENOMEM);
    assert_int_equal(xen_unpause(ops), -ENOMEM);
    xen_ops_close(ops);
    assert_false(fake_xen_is_paused());
    assert_int_equal(xen_ops_open(FAKE_DOMID, &ops, message, sizeof(message)), 0);
}

static void a_page_in_use_stays(void **state)
{
    (void)state;
    enable();
    assert_int_equal(foreign_map(3), 0);
    assert_int_equal(nominate_one(ops, 3), fake_xen_is_patched() ? -EAGAIN : -EBUSY);
    foreign_unmap(3);
    assert_int_equal(nominate_one(ops, 3), 0);
    assert_int_equal(foreign_map_to_read(3), 0);
    assert_int_equal(evict_one(ops, 3), -EAGAIN);
    foreign_unmap(3);
    assert_int_equal(evict_one(ops, 3), 0);
    assert_int_equal(evict_one(ops, 3), fake_xen_is_patched() ? -ENOENT : -EAGAIN);
}

/* --- Several in one hypercall. --- */

static void a_step_takes_one_hypercall_each_way(void **state)
{
    enum fake_call call = fake_xen_is_patched() ? CALL_BATCH : CALL_MULTICALL;
    unsigned int nr, before;

    (void)state;
    enable();
    nr = prepare_step();
    before = fake_xen_nr_calls(call);
    xen_nominate(ops, pages, nr);
    xen_evict(ops, pages, nr);
    xen_load_all(ops, pages, nr);
    assert_int_equal(fake_xen_nr_calls(call), before + 3);
    for (uint32_t i = 0; i < nr; i++) {
        assert_int_equal(pages[i].rc, 0);
        assert_true(guest_read(0, i));
    }
    fake_xen_assert_at_peace();
}

/* More than what goes out in one. */
static void a_query_takes_few_hypercalls(void **state)
{
    const unsigned int nr = RING_GFN;
    struct xen_page asked[RING_GFN];
    enum fake_call call = fake_xen_is_patched() ? CALL_BATCH : CALL_MULTICALL;
    unsigned int before;

    (void)state;
    enable();
    assert_int_equal(nominate_one(ops, nr - 1), 0);
    assert_int_equal(evict_one(ops, nr - 1), 0);
    before = fake_xen_nr_calls(call);
    for (uint32_t i = 0; i < nr; i++)
        asked[i].gfn = i;
    xen_query(ops, asked, nr);
    assert_int_equal(fake_xen_nr_calls(call),
                     before + (fake_xen_is_patched() ? 1 : (nr + XEN_MAX_STEP - 1) / XEN_MAX_STEP));
    for (uint32_t i = 0; i < nr - 1; i++)
        assert_int_equal(asked[i].rc, XEN_PAGE_IN);
    assert_int_equal(asked[nr - 1].rc, fake_xen_is_patched() ? XEN_PAGE_OUT : XEN_PAGE_WANTED);
}

static void of_several_loads_each_has_its_own_outcome(void **state)
{
    (void)state;
    enable();
    prepare_step();
    xen_nominate(ops, pages, 3);
    xen_evict(ops, pages, 2);
    guest_give_up(1);
    xen_load_all(ops, pages, 2);
    assert_int_equal(pages[0].rc, 0);
    assert_int_equal(pages[1].rc, -ENOENT);
    assert_int_equal(cancel_one(ops, 2), 0);
}

/* What is told of is done, and what is not may be. */
static void a_multicall_that_breaks_off_leaves_the_rest_in_doubt(void **state)
{
    unsigned int nr;

    (void)state;
    enable();
    nr = prepare_step();
    xen_nominate(ops, pages, nr);
    fake_xen_fail(CALL_MULTICALL, 1, EFAULT);
    xen_evict(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++)
        assert_int_equal(pages[i].rc, i < nr / 2 ? 0 : -EFAULT);
    assert_int_equal(fake_xen_count(TYPE_PAGED), nr / 2 + 1);
}

/* --- The batch operation. --- */

static void what_xen_offers_is_asked_for_once_paging_is_on(void **state)
{
    uint32_t all = fake_xen.features;

    (void)state;
    for (uint32_t features = 0; features <= all; features++) {
        unsigned int nr_maps = fake_xen_nr_calls(CALL_MAP);

        fake_xen.features = features;
        enable();
        assert_int_equal(xen_is_patched(ops), (features & 3) == 3); /* batch and pins */
        assert_int_equal(xen_has_doorbell(ops), (features & 7) == 7);
        assert_int_equal(xen_replaces_rings(ops), (features & 9) == 9); /* batch, too */
        assert_int_equal(nominate_one(ops, 3), 0);
        assert_int_equal(fake_xen_nr_calls(CALL_MAP) > nr_maps, !xen_is_patched(ops));
        assert_int_equal(cancel_one(ops, 3), 0);
        assert_int_equal(xen_disable_paging(ops), 0);
    }
}

static void what_cannot_be_asked_for_turns_paging_off_again(void **state)
{
    uint32_t port;

    (void)state;
    fake_xen_fail(CALL_BATCH, 1, EPERM);
    assert_int_equal(xen_enable_paging(ops, &port), -EPERM);
    assert_false(fake_xen_paging_is_enabled());
}

static void write_as_the_guest(void)
{
    assert_true(guest_write(0, 3));
}

static void read_by_the_emulator(void)
{
    assert_true(guest_read_emulated(0, 3));
}

static void map_to_write(void)
{
    assert_int_equal(foreign_map(3), 0);
    foreign_unmap(3);
}

static void copy_by_grant(void)
{
    assert_int_equal(foreign_copy(3), 0);
}

static void writers_and_the_guest_take_a_page_back_in_place(void **state)
{
    void (*const take_back[])(void) = {write_as_the_guest, read_by_the_emulator, map_to_write,
                                       copy_by_grant};

    (void)state;
    enable();
    for (size_t i = 0; i < sizeof(take_back) / sizeof(take_back[0]); i++) {
        assert_int_equal(nominate_one(ops, 3), 0);
        take_back[i]();
        assert_int_equal(evict_one(ops, 3), -ENOENT);
        assert_int_equal(cancel_one(ops, 3), -ENOENT);
    }
    assert_int_equal(fake_xen_nr_unanswered(), 0);
}

static void no_page_is_mapped_and_nobody_paused(void **state)
{
    unsigned int nr;

    (void)state;
    enable();
    nr = prepare_step();
    xen_nominate(ops, pages, nr);
    xen_evict(ops, pages, nr);
    assert_int_equal(fake_xen_count(TYPE_PAGED), nr);
    assert_int_equal(fake_xen_nr_calls(CALL_BATCH), 1 + 2);
    assert_int_equal(fake_xen_nr_calls(CALL_MAP), 0);
    assert_int_equal(fake_xen_nr_calls(CALL_PAUSE), 0);
}

/* Xen says nothing of those that come after the break, and of the one at which it was. */
static void a_nomination_that_breaks_off_leaves_the_rest_in_doubt(void **state)
{
    unsigned int nr;

    (void)state;
    enable();
    nr = prepare_step();
    fake_xen_fail(CALL_BATCH, 1, EFAULT);
    xen_nominate(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++)
        assert_int_equal(pages[i].rc, i < nr / 2 ? 0 : -EFAULT);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), nr / 2 + 1);
}

static void after_an_eviction_that_breaks_off_xen_is_asked_what_is_out(void **state)
{
    unsigned int nr;

    (void)state;
    enable();
    nr = prepare_step();
    xen_nominate(ops, pages, nr);
    assert_true(guest_write(0, 1));
    assert_true(guest_write(0, nr - 1));
    fake_xen_fail(CALL_BATCH, 1, EFAULT);
    xen_evict(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++)
        assert_int_equal(pages[i].rc, i == 1 || i == nr - 1 ? -ENOENT : i > nr / 2 ? -EAGAIN : 0);
}

static void what_xen_cannot_be_asked_stays_in_doubt(void **state)
{
    unsigned int nr;

    (void)state;
    enable();
    nr = prepare_step();
    xen_nominate(ops, pages, nr);
    fake_xen.gone = true;
    xen_evict(ops, pages, nr);
    for (uint32_t i = 0; i < nr; i++)
        assert_int_equal(pages[i].rc, -ESRCH);
}

static void loading_has_its_own_errors(void **state)
{
    static _Alignas(PAGE_BYTES) char page[PAGE_BYTES];

    (void)state;
    enable();
    fake_xen_expected(3, page);
    assert_int_equal(xen_load(ops, 3, page), -ENOENT); /* it is not out */
    assert_int_equal(nominate_one(ops, 3), 0);
    assert_int_equal(xen_load(ops, 3, page), -ENOENT);
    assert_int_equal(evict_one(ops, 3), 0);
    assert_int_equal(xen_prep(ops, 3), -EINVAL); /* it is out, and there is no frame */
    fake_xen.free_host_pages = 0;
    assert_int_equal(xen_load(ops, 3, page), -ENOMEM);
    fake_xen.free_host_pages = 1;
    assert_int_equal(xen_load(ops, 3, page), 0);
    assert_int_equal(xen_prep(ops, 3), -ENOENT);
}

/* --- Taking a nomination back. --- */

static void a_nomination_is_taken_back(void **state)
{
    (void)state;
    enable();
    assert_int_equal(nominate_one(ops, 3), 0);
    assert_int_equal(cancel_one(ops, 3), 0);
    assert_int_equal(fake_xen_type(3), TYPE_RAM_RW);
    assert_int_equal(fake_xen_nr_unanswered(), !fake_xen_is_patched());
    assert_true(guest_read(0, 3));
}

static void a_nomination_that_the_guest_undid_is_completed(void **state)
{
    (void)state;
    enable();
    assert_int_equal(nominate_one(ops, 3), 0);
    foreign_copy(3);
    assert_int_equal(fake_xen_type(3), TYPE_PAGING_IN);
    assert_int_equal(cancel_one(ops, 3), 0);
    assert_int_equal(fake_xen_type(3), TYPE_RAM_RW);
    assert_int_equal(fake_xen_nr_unanswered(), 1); /* no second one */
}

static void a_nomination_that_is_none_any_more_is_no_error(void **state)
{
    (void)state;
    enable();
    assert_int_equal(cancel_one(ops, 3), fake_xen_is_patched() ? -ENOENT : 0);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
}

static void a_gfn_that_is_gone_cannot_be_taken_back(void **state)
{
    (void)state;
    enable();
    assert_int_equal(nominate_one(ops, 3), 0);
    guest_give_up(3);
    assert_int_equal(cancel_one(ops, 3), -ENOENT);
}

static void a_full_ring_is_told_of_and_changes_nothing(void **state)
{
    (void)state;
    enable();
    for (uint32_t gfn = 10; gfn < 18; gfn++) {
        assert_int_equal(nominate_one(ops, gfn), 0);
        assert_int_equal(foreign_copy(gfn), -EAGAIN);
    }
    assert_int_equal(nominate_one(ops, 3), 0);
    assert_int_equal(cancel_one(ops, 3), -EAGAIN);
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
    assert_int_equal(nominate_one(ops, 1), -ESRCH);
    assert_int_equal(evict_one(ops, 1), -ESRCH);
    assert_int_equal(xen_load(ops, 1, page), -ESRCH);
    assert_int_equal(xen_prep(ops, 1), -ESRCH);
    assert_int_equal(cancel_one(ops, 1), -ESRCH);
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

#define ON_STOCK(test) NAMED_TEST(test, "stock", setup, teardown)
#define ON_PATCHED(test) NAMED_TEST(test, "patched", setup_patched, teardown)
#define ON_BOTH(test) ON_STOCK(test), ON_PATCHED(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_domain_is_described),
        ON_BOTH(a_domain_that_is_gone_is_not_taken_for_the_next_one),
        ON_BOTH(sizes_are_told),
        ON_BOTH(residency_is_asked_for_many_at_once),
        ON_BOTH(the_domain_is_paused_and_unpaused),
        ON_BOTH(the_probe_tells_a_free_domain_from_one_with_a_pager),
        ON_BOTH(what_the_probe_cannot_know_comes_up_as_it_is),
        ON_BOTH(the_ring_can_be_mapped_removed_and_made_anew),
        ON_BOTH(a_ring_that_cannot_be_asked_for_is_not_made_up),
        ON_BOTH(a_page_goes_out_and_comes_back),
        ON_BOTH(a_batch_is_copied_and_not_held),
        ON_BOTH(nothing_to_do_is_nothing_done),
        ON_STOCK(a_batch_that_cannot_be_mapped_has_no_copies),
        ON_STOCK(without_a_pause_nothing_is_nominated),
        ON_STOCK(a_guest_that_could_not_be_unpaused_is_remembered),
        ON_STOCK(what_is_gone_needs_not_go_on),
        ON_STOCK(closing_tries_once_more_to_unpause_the_guest),
        ON_BOTH(a_page_in_use_stays),
        ON_BOTH(a_step_takes_one_hypercall_each_way),
        ON_BOTH(a_query_takes_few_hypercalls),
        ON_BOTH(of_several_loads_each_has_its_own_outcome),
        ON_STOCK(a_multicall_that_breaks_off_leaves_the_rest_in_doubt),
        ON_PATCHED(what_xen_offers_is_asked_for_once_paging_is_on),
        ON_PATCHED(what_cannot_be_asked_for_turns_paging_off_again),
        ON_PATCHED(writers_and_the_guest_take_a_page_back_in_place),
        ON_PATCHED(no_page_is_mapped_and_nobody_paused),
        ON_PATCHED(a_nomination_that_breaks_off_leaves_the_rest_in_doubt),
        ON_PATCHED(after_an_eviction_that_breaks_off_xen_is_asked_what_is_out),
        ON_PATCHED(what_xen_cannot_be_asked_stays_in_doubt),
        ON_BOTH(loading_has_its_own_errors),
        ON_BOTH(a_nomination_is_taken_back),
        ON_STOCK(a_nomination_that_the_guest_undid_is_completed),
        ON_BOTH(a_nomination_that_is_none_any_more_is_no_error),
        ON_BOTH(a_gfn_that_is_gone_cannot_be_taken_back),
        ON_STOCK(a_full_ring_is_told_of_and_changes_nothing),
        ON_BOTH(a_domain_that_is_gone_is_minus_esrch_everywhere),
        ON_BOTH(failure_to_open_leaves_nothing_behind),
        cmocka_unit_test(closing_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("xen_ops", tests, NULL, NULL);
}
