/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include <xenctrl.h>
#include <xen/vm_event.h>

#include "capture.h"
#include "failing.h"
#include "fake_time.h"
#include "fake_xen.h"
#include "loop.h"
#include "mem_event_ring.h"
#include "one_page.h"
#include "page.h"
#include "xen_ops.h"

#define NR_GFNS 64u
#define MAX_EVENTS 4096

static struct event_base *base;
static struct xen_ops *ops;
static struct mem_event_ring *ring;
static char message[256];

static struct mem_event events[MAX_EVENTS];
static unsigned int nr_events;
static bool answer_at_once;

static void take_event(void *arg, const struct mem_event *event)
{
    assert_ptr_equal(arg, &nr_events);
    assert_true(nr_events < MAX_EVENTS);
    events[nr_events++] = *event;
    if (answer_at_once)
        mem_event_ring_respond(ring, event);
}

static int attach(void)
{
    return mem_event_ring_attach(base, ops, take_event, &nr_events, &ring, message,
                                 sizeof(message));
}

static int setup_detached(void **state)
{
    *state = NULL;
    nr_events = 0;
    answer_at_once = false;
    ring = NULL;
    be_quiet(true);
    fake_time_begin();
    fake_xen_create(NR_GFNS);
    base = loop_create();
    return xen_ops_open(FAKE_DOMID, &ops, message, sizeof(message));
}

static int setup(void **state)
{
    return setup_detached(state) || attach();
}

static int teardown(void **state)
{
    (void)state;
    mem_event_ring_detach(ring);
    xen_ops_close(ops);
    event_base_free(base);
    fake_xen_assert_no_complaint();
    fake_xen_destroy();
    fake_time_end();
    return 0;
}

/* Nominates a gfn and has somebody want it back: one request. */
static void make_request(uint32_t gfn)
{
    assert_int_equal(nominate_one(ops, gfn), 0);
    assert_int_equal(foreign_copy(gfn), -EAGAIN);
}

static void respond(unsigned int i)
{
    xen_prep(ops, events[i].gfn);
    mem_event_ring_respond(ring, &events[i]);
}

/* --- Attaching. --- */

static void attaching_enables_paging_and_takes_the_ring_from_the_guest(void **state)
{
    (void)state;
    assert_true(fake_xen_paging_is_enabled());
    assert_false(fake_xen_ring_is_in_physmap());
    assert_int_equal(fake_xen_resident(), NR_GFNS); /* but its page is there as long as we are */
}

static void detaching_disables_paging_and_frees_the_ring(void **state)
{
    (void)state;
    mem_event_ring_detach(ring);
    ring = NULL;
    assert_false(fake_xen_paging_is_enabled());
    assert_int_equal(fake_xen_resident(), NR_GFNS - 1);
}

static void abandoning_leaves_paging_enabled(void **state)
{
    (void)state;
    mem_event_ring_abandon(ring);
    ring = NULL;
    assert_true(fake_xen_paging_is_enabled());
    assert_int_equal(xen_disable_paging(ops), 0);
}

static void a_second_pager_can_attach_after_the_first_one(void **state)
{
    (void)state;
    mem_event_ring_detach(ring);
    assert_int_equal(attach(), 0); /* the ring has no frame now, and gets one */
    assert_false(fake_xen_ring_is_in_physmap());
    make_request(1);
    loop_settle(base);
    assert_int_equal(nr_events, 1);
    respond(0);
    loop_settle(base);
}

static void detaching_and_abandoning_nothing_is_allowed(void **state)
{
    (void)state;
    mem_event_ring_detach(NULL);
    mem_event_ring_abandon(NULL);
}

static void two_pagers_at_once_are_refused_and_the_first_goes_on(void **state)
{
    struct mem_event_ring *first = ring;

    (void)state;
    assert_int_equal(mem_event_ring_check(ops, message, sizeof(message)), -EBUSY);
    assert_one_line(message);
    assert_true(attach() < 0);
    ring = first;
    assert_true(fake_xen_paging_is_enabled());
    assert_false(fake_xen_ring_is_in_physmap());
}

static void each_reason_why_not_is_given_in_one_line(void **state)
{
    static const struct {
        int error;
        const char *why;
    } reasons[] = {
        {EBUSY, "attached"},           {ENODEV, "HAP"},     {EMLINK, "IOMMU"},
        {EXDEV, "populate-on-demand"}, {EOPNOTSUPP, "PVH"}, {ENOMEM, "memory"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        fake_xen_fail(CALL_ENABLE, 1, reasons[i].error);
        assert_int_equal(attach(), -reasons[i].error);
        assert_one_line(message);
        assert_says(message, "domain 7");
        assert_says(message, reasons[i].why);
    }
}

static void the_check_changes_nothing_and_gives_its_reasons(void **state)
{
    (void)state;
    assert_int_equal(mem_event_ring_check(ops, message, sizeof(message)), 0);
    fake_xen_fail(CALL_PREP, 1, ENOSYS);
    assert_int_equal(mem_event_ring_check(ops, message, sizeof(message)), -ENOSYS);
    assert_says(message, "CONFIG_MEM_PAGING");
    fake_xen_fail(CALL_PREP, 1, EPERM);
    assert_int_equal(mem_event_ring_check(ops, message, sizeof(message)), -EPERM);
    fake_xen.gone = true;
    assert_int_equal(mem_event_ring_check(ops, message, sizeof(message)), -ESRCH);
    assert_says(message, "no such domain");
    fake_xen.gone = false;
    assert_false(fake_xen_paging_is_enabled());
    assert_true(fake_xen_ring_is_in_physmap());
}

/* Whatever fails, the domain is as it was: paging off, the ring in its place and empty. */
static void failure_to_attach_leaves_the_domain_as_it_was(void **state)
{
    static const enum fake_call calls[] = {CALL_HVM_PARAM, CALL_ENABLE, CALL_BIND, CALL_DECREASE};
    static const char zeros[PAGE_BYTES];
    void *page;

    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        fake_xen_fail(calls[i], 1, EPERM);
        assert_int_equal(attach(), -EPERM);
        assert_false(fake_xen_paging_is_enabled());
        assert_true(fake_xen_ring_is_in_physmap());
        assert_int_equal(xen_map_ring(ops, NR_GFNS - 1, &page), 0);
        if (memcmp(page, zeros, PAGE_BYTES))
            fail_msg("after a failure of call %d the ring page is not as it was", calls[i]);
        xen_unmap_ring(ops, page);
    }
}

static void failure_to_attach_again_leaves_the_ring_without_a_frame(void **state)
{
    static const enum fake_call calls[] = {CALL_POPULATE, CALL_ENABLE, CALL_BIND};

    (void)state;
    mem_event_ring_detach(ring);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        fake_xen_fail(calls[i], 1, EPERM);
        assert_int_equal(attach(), -EPERM);
        assert_false(fake_xen_ring_is_in_physmap());
        assert_int_equal(fake_xen_resident(), NR_GFNS - 1);
    }
    ring = NULL;
}

/* A map that fails for want of memory does not mean that there is no frame. */
static void a_ring_that_is_there_is_never_replaced(void **state)
{
    (void)state;
    fake_xen_fail(CALL_MAP, 1, ENOMEM);
    attach();
    assert_int_equal(fake_xen_nr_calls(CALL_POPULATE), 0);
}

static int attach_and_detach(void *arg)
{
    int rc;

    (void)arg;
    /* Each time as a toolstack would leave it. */
    if (!fake_xen_ring_is_in_physmap())
        guest_take(NR_GFNS - 1);
    message[0] = '\0';
    rc = attach();
    if (rc)
        assert_one_line(message);
    else
        mem_event_ring_detach(ring);
    assert_false(fake_xen_paging_is_enabled());
    ring = NULL;
    return rc;
}

static void failure_to_attach_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(attach_and_detach, NULL);
}

/* --- Requests and responses. --- */

static void requests_come_from_the_loop_and_are_answered(void **state)
{
    (void)state;
    make_request(5);
    assert_int_equal(nr_events, 0);
    loop_settle(base);
    assert_int_equal(nr_events, 1);
    assert_int_equal(events[0].gfn, 5);
    assert_true(events[0].foreign && events[0].evict_fail);
    assert_false(events[0].vcpu_paused || events[0].drop);
    respond(0);
    assert_int_equal(fake_xen_nr_unanswered(), 1); /* Xen has not heard of it yet */
    loop_settle(base);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
}

static void a_paused_vcpu_goes_on_with_the_response(void **state)
{
    (void)state;
    assert_int_equal(nominate_one(ops, 5), 0);
    assert_false(guest_read(3, 5));
    loop_settle(base);
    assert_true(events[0].vcpu_paused);
    assert_int_equal(events[0].vcpu_id, 3);
    assert_true(guest_is_waiting(3));
    respond(0);
    loop_settle(base);
    assert_false(guest_is_waiting(3));
}

static void responses_may_come_in_any_order(void **state)
{
    static const unsigned int order[] = {3, 7, 0, 1, 6, 5, 2, 4};

    (void)state;
    for (uint32_t gfn = 0; gfn < 8; gfn++)
        make_request(gfn);
    loop_settle(base);
    assert_int_equal(nr_events, 8);
    for (int i = 0; i < 8; i++) {
        respond(order[i]);
        loop_settle(base);
        assert_int_equal(fake_xen_nr_unanswered(), 7 - i);
    }
}

static void one_notification_tells_of_several_responses(void **state)
{
    (void)state;
    for (uint32_t gfn = 0; gfn < 8; gfn++)
        make_request(gfn);
    loop_settle(base);
    for (unsigned int i = 0; i < 8; i++)
        respond(i);
    loop_settle(base);
    assert_int_equal(fake_xen_nr_calls(CALL_NOTIFY), 1);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
}

static void requests_without_a_notification_are_found_by_asking(void **state)
{
    (void)state;
    make_request(5);
    assert_int_equal(mem_event_ring_consume(ring), 0);
    assert_int_equal(nr_events, 1);
    loop_settle(base); /* and what the channel says of it is no request more */
    assert_int_equal(nr_events, 1);
    respond(0);
    loop_settle(base);
}

static void the_channel_speaks_again_and_again(void **state)
{
    (void)state;
    answer_at_once = true;
    for (unsigned int i = 0; i < 3000; i++) {
        uint32_t gfn = i % (NR_GFNS - 1);

        make_request(gfn);
        loop_settle(base);
        assert_int_equal(nr_events, i + 1);
        xen_prep(ops, gfn);
    }
    assert_int_equal(fake_xen_nr_responses(), 3000);
}

static void assert_all_is_answered(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call == CALL_PENDING)
        assert_int_equal(fake_xen_nr_unanswered(), 0);
}

static void the_channel_is_seen_to_once_all_is_answered(void **state)
{
    (void)state;
    answer_at_once = true;
    for (uint32_t gfn = 0; gfn < 3; gfn++)
        make_request(gfn);
    fake_xen.before_call = assert_all_is_answered;
    loop_settle(base);
    fake_xen.before_call = NULL;
    assert_int_equal(fake_xen_nr_calls(CALL_PENDING), 1);
    for (uint32_t gfn = 0; gfn < 3; gfn++)
        xen_prep(ops, gfn);
}

/* While the one before it is answered, for which the channel is not seen to yet. */
static void ask_for_gfn_7(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call != CALL_NOTIFY)
        return;
    fake_xen.before_call = NULL;
    make_request(7);
}

static void a_request_that_comes_before_the_channel_is_seen_to_is_found(void **state)
{
    (void)state;
    answer_at_once = true;
    fake_xen.before_call = ask_for_gfn_7;
    make_request(3);
    loop_settle(base);
    assert_int_equal(nr_events, 2);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
    xen_prep(ops, 3);
    xen_prep(ops, 7);
    make_request(8);
    loop_settle(base);
    assert_int_equal(nr_events, 3);
    xen_prep(ops, 8);
}

static unsigned int nr_notifications[2];

static void count_notification(void *arg, bool brought_requests)
{
    assert_ptr_equal(arg, &nr_events);
    nr_notifications[brought_requests]++;
}

static void each_notification_is_told_of_with_requests_or_without(void **state)
{
    (void)state;
    nr_notifications[false] = nr_notifications[true] = 0;
    answer_at_once = true;
    mem_event_ring_on_notify(ring, count_notification, &nr_events);
    fake_xen_kick();
    loop_settle(base);
    assert_int_equal(nr_notifications[false], 1);
    for (uint32_t gfn = 0; gfn < 3; gfn++)
        make_request(gfn);
    loop_settle(base);
    assert_int_equal(nr_notifications[true], 1);
    assert_int_equal(nr_events, 3);
    fake_xen_kick();
    loop_settle(base);
    assert_int_equal(nr_notifications[false], 2);
    for (uint32_t gfn = 0; gfn < 3; gfn++)
        xen_prep(ops, gfn);
}

/* --- Lies. --- */

static vm_event_sring_t *shared_ring(void)
{
    return fake_xen_ring_page();
}

static void an_index_that_makes_no_sense_yields_no_requests(void **state)
{
    (void)state;
    shared_ring()->req_prod += 9;
    assert_int_equal(mem_event_ring_consume(ring), -EPROTO);
    fake_xen_kick();
    loop_settle(base);
    assert_int_equal(nr_events, 0);
    shared_ring()->req_prod -= 9;
    make_request(3);
    loop_settle(base);
    assert_int_equal(nr_events, 1);
    respond(0);
    loop_settle(base);
}

static void a_request_of_another_version_gets_its_response_and_nothing_else(void **state)
{
    (void)state;
    make_request(3);
    shared_ring()->ring[0].req.version++;
    loop_settle(base);
    assert_int_equal(nr_events, 0);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
    assert_int_equal(xen_prep(ops, 3), 0);
}

static void a_request_for_another_reason_gets_its_response_and_nothing_else(void **state)
{
    (void)state;
    make_request(3);
    shared_ring()->ring[0].req.reason = VM_EVENT_REASON_MEM_ACCESS;
    loop_settle(base);
    assert_int_equal(nr_events, 0);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
    assert_int_equal(xen_prep(ops, 3), 0);
}

static void failure_to_notify_is_survived(void **state)
{
    (void)state;
    make_request(3);
    loop_settle(base);
    fake_xen_fail(CALL_NOTIFY, 1, EINVAL);
    respond(0);
    loop_settle(base);
    make_request(4);
    loop_settle(base);
    respond(1);
    loop_settle(base); /* tells of both */
    assert_int_equal(fake_xen_nr_unanswered(), 0);
}

#define ATTACHED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define DETACHED(test) cmocka_unit_test_setup_teardown(test, setup_detached, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTACHED(attaching_enables_paging_and_takes_the_ring_from_the_guest),
        ATTACHED(detaching_disables_paging_and_frees_the_ring),
        ATTACHED(abandoning_leaves_paging_enabled),
        ATTACHED(a_second_pager_can_attach_after_the_first_one),
        cmocka_unit_test(detaching_and_abandoning_nothing_is_allowed),
        ATTACHED(two_pagers_at_once_are_refused_and_the_first_goes_on),
        DETACHED(each_reason_why_not_is_given_in_one_line),
        DETACHED(the_check_changes_nothing_and_gives_its_reasons),
        DETACHED(failure_to_attach_leaves_the_domain_as_it_was),
        ATTACHED(failure_to_attach_again_leaves_the_ring_without_a_frame),
        DETACHED(a_ring_that_is_there_is_never_replaced),
        DETACHED(failure_to_attach_leaves_nothing_behind),
        ATTACHED(requests_come_from_the_loop_and_are_answered),
        ATTACHED(a_paused_vcpu_goes_on_with_the_response),
        ATTACHED(responses_may_come_in_any_order),
        ATTACHED(one_notification_tells_of_several_responses),
        ATTACHED(requests_without_a_notification_are_found_by_asking),
        ATTACHED(the_channel_speaks_again_and_again),
        ATTACHED(the_channel_is_seen_to_once_all_is_answered),
        ATTACHED(a_request_that_comes_before_the_channel_is_seen_to_is_found),
        ATTACHED(each_notification_is_told_of_with_requests_or_without),
        ATTACHED(an_index_that_makes_no_sense_yields_no_requests),
        ATTACHED(a_request_of_another_version_gets_its_response_and_nothing_else),
        ATTACHED(a_request_for_another_reason_gets_its_response_and_nothing_else),
        ATTACHED(failure_to_notify_is_survived),
    };

    return cmocka_run_group_tests_name("mem_event_ring", tests, NULL, NULL);
}
