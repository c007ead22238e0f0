/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "page.h"
#include "vm_event_codec.h"

#define SLOTS MEM_EVENT_RING_SLOTS

static struct {
    _Alignas(PAGE_BYTES) char page[PAGE_BYTES];
    char beyond[PAGE_BYTES]; /* must stay as it is */
} shared;

static vm_event_back_ring_t back;   /* ours */
static vm_event_front_ring_t front; /* Xen's */

static int setup(void **state)
{
    *state = NULL;
    memset(&shared, 0xee, sizeof(shared));
    vm_event_ring_init(&back, shared.page);
    FRONT_RING_INIT(&front, (vm_event_sring_t *)shared.page, PAGE_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(shared.beyond); i++)
        assert_int_equal((unsigned char)shared.beyond[i], 0xee);
    return 0;
}

static vm_event_request_t request_of(uint64_t gfn)
{
    return (vm_event_request_t){
        .version = VM_EVENT_INTERFACE_VERSION,
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .u.mem_paging.gfn = gfn,
    };
}

static void xen_puts(uint64_t gfn)
{
    vm_event_request_t request = request_of(gfn);

    memcpy(RING_GET_REQUEST(&front, front.req_prod_pvt), &request, sizeof(request));
    front.req_prod_pvt++;
    RING_PUSH_REQUESTS(&front);
}

static void assert_xen_gets(uint64_t gfn)
{
    vm_event_response_t *response = RING_GET_RESPONSE(&front, front.rsp_cons);

    assert_true(RING_HAS_UNCONSUMED_RESPONSES(&front));
    assert_int_equal(response->u.mem_paging.gfn, gfn);
    front.rsp_cons++;
}

static void assert_taken(uint64_t gfn)
{
    vm_event_request_t request;

    assert_int_equal(vm_event_ring_take(&back, &request), 1);
    assert_int_equal(request.u.mem_paging.gfn, gfn);
}

static void assert_empty(void)
{
    vm_event_request_t request;

    assert_int_equal(vm_event_ring_take(&back, &request), 0);
}

static void put(uint64_t gfn)
{
    struct mem_event event = {.gfn = gfn};
    vm_event_response_t response;

    vm_event_encode(&event, &response);
    vm_event_ring_put(&back, &response);
}

/* --- The ring. --- */

static void a_new_ring_is_empty(void **state)
{
    (void)state;
    assert_empty();
    assert_false(vm_event_ring_more(&back));
}

static void requests_come_out_in_their_order(void **state)
{
    (void)state;
    xen_puts(1);
    xen_puts(2);
    assert_true(vm_event_ring_more(&back));
    assert_taken(1);
    assert_taken(2);
    assert_empty();
}

static void a_full_ring_comes_out_whole(void **state)
{
    (void)state;
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        xen_puts(gfn);
    assert_true(RING_FULL(&front));
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        assert_taken(gfn);
    assert_empty();
}

static void a_slot_is_free_again_after_the_response_only(void **state)
{
    (void)state;
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        xen_puts(gfn);
    assert_taken(0);
    assert_int_equal(RING_FREE_REQUESTS(&front), 0);
    put(0);
    assert_xen_gets(0);
    assert_int_equal(RING_FREE_REQUESTS(&front), 1);
}

static void indices_wrap_round_the_ring_thousands_of_times(void **state)
{
    uint64_t in = 0, out = 0, answered = 0;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        for (int n = 0; n < 1 + i % (int)SLOTS; n++)
            xen_puts(in++);
        while (out < in)
            assert_taken(out++);
        assert_empty();
        while (answered < out)
            put(answered++);
        for (uint64_t gfn = answered - (1 + i % SLOTS); gfn < answered; gfn++)
            assert_xen_gets(gfn);
    }
}

static void indices_wrap_round_32_bits(void **state)
{
    const RING_IDX near_end = UINT32_MAX - 3;

    (void)state;
    back.req_cons = back.rsp_prod_pvt = near_end;
    front.req_prod_pvt = front.rsp_cons = near_end;
    back.sring->req_prod = back.sring->rsp_prod = near_end;
    assert_empty();
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        xen_puts(gfn);
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        assert_taken(gfn);
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        put(gfn);
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        assert_xen_gets(gfn);
    assert_empty();
}

static void xen_is_to_tell_of_the_next_request(void **state)
{
    (void)state;
    xen_puts(1);
    assert_taken(1);
    assert_false(vm_event_ring_more(&back));
    assert_int_equal(back.sring->req_event, back.req_cons + 1);
}

/* A lie about the index must neither be believed nor change anything. */
static void a_producer_index_that_cannot_be_right_is_refused(void **state)
{
    static const uint32_t lies[] = {SLOTS + 1, SLOTS + 2, 1000, UINT32_MAX / 2, UINT32_MAX};
    vm_event_request_t request;

    (void)state;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        back.sring->req_prod = lies[i];
        assert_int_equal(vm_event_ring_take(&back, &request), -EPROTO);
        assert_int_equal(back.req_cons, 0);
    }
    back.sring->req_prod = 0;
    xen_puts(3);
    assert_taken(3);
}

static void an_index_that_counts_unanswered_slots_again_is_refused(void **state)
{
    vm_event_request_t request;

    (void)state;
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        xen_puts(gfn);
    for (uint64_t gfn = 0; gfn < SLOTS; gfn++)
        assert_taken(gfn);
    put(0);
    back.sring->req_prod = 2 * SLOTS;
    assert_int_equal(vm_event_ring_take(&back, &request), -EPROTO);
    back.sring->req_prod = SLOTS + 1; /* one slot has been answered: that is possible */
    assert_int_equal(vm_event_ring_take(&back, &request), 1);
}

/* An index that goes back looks like a large step forward. */
static void an_index_that_goes_back_is_refused(void **state)
{
    vm_event_request_t request;

    (void)state;
    for (uint64_t gfn = 0; gfn < 3; gfn++) {
        xen_puts(gfn);
        assert_taken(gfn);
        put(gfn);
    }
    back.sring->req_prod = 2;
    assert_int_equal(vm_event_ring_take(&back, &request), -EPROTO);
}

/* Within what is still owed, too: up to it there would be more requests than there are slots. */
static void an_index_that_goes_back_to_what_is_owed_is_refused(void **state)
{
    vm_event_request_t request;

    (void)state;
    for (uint64_t gfn = 0; gfn < 3; gfn++) {
        xen_puts(gfn);
        assert_taken(gfn);
    }
    back.sring->req_prod = 2;
    assert_int_equal(vm_event_ring_take(&back, &request), -EPROTO);
    back.sring->req_prod = 0;
    assert_int_equal(vm_event_ring_take(&back, &request), -EPROTO);
    assert_int_equal(back.req_cons, 3);
}

static void whatever_the_index_no_more_than_8_requests_are_owed(void **state)
{
    vm_event_request_t request;

    (void)state;
    for (uint32_t prod = 0; prod < 100; prod++) {
        back.sring->req_prod = prod * 7;
        while (vm_event_ring_take(&back, &request) == 1)
            assert_true(back.req_cons - back.rsp_prod_pvt <= SLOTS);
        while (back.req_cons != back.rsp_prod_pvt)
            put(0);
    }
}

static void a_request_is_copied_out_once(void **state)
{
    vm_event_request_t request;

    (void)state;
    xen_puts(5);
    assert_int_equal(vm_event_ring_take(&back, &request), 1);
    memset(RING_GET_REQUEST(&back, 0), 0xff, sizeof(request));
    assert_int_equal(request.u.mem_paging.gfn, 5);
}

static void put_one_too_many(void *arg)
{
    (void)arg;
    xen_puts(1);
    assert_taken(1);
    put(1);
    put(1);
}

static void a_response_that_nobody_asked_for_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(put_one_too_many, NULL);
}

/* --- Requests and responses. --- */

static void a_plain_request_is_decoded(void **state)
{
    vm_event_request_t request = request_of(0x123456789abc);
    struct mem_event event;

    (void)state;
    request.vcpu_id = 3;
    request.u.mem_paging.p2mt = 10;
    assert_int_equal(vm_event_decode(&request, &event), 0);
    assert_int_equal(event.gfn, 0x123456789abc);
    assert_int_equal(event.vcpu_id, 3);
    assert_int_equal(event.p2mt, 10);
    assert_false(event.vcpu_paused || event.foreign || event.drop || event.evict_fail);
}

static void each_flag_is_decoded_by_itself(void **state)
{
    struct mem_event event;

    (void)state;
    for (unsigned int bits = 0; bits < 16; bits++) {
        vm_event_request_t request = request_of(1);

        request.flags =
            (bits & 1 ? VM_EVENT_FLAG_VCPU_PAUSED : 0u) | (bits & 2 ? VM_EVENT_FLAG_FOREIGN : 0u);
        request.u.mem_paging.flags =
            (bits & 4 ? MEM_PAGING_DROP_PAGE : 0u) | (bits & 8 ? MEM_PAGING_EVICT_FAIL : 0u);
        assert_int_equal(vm_event_decode(&request, &event), 0);
        assert_int_equal(event.vcpu_paused, bits & 1);
        assert_int_equal(event.foreign, bits >> 1 & 1);
        assert_int_equal(event.drop, bits >> 2 & 1);
        assert_int_equal(event.evict_fail, bits >> 3 & 1);
    }
}

static void flags_that_we_do_not_know_do_not_matter(void **state)
{
    vm_event_request_t request = request_of(1);
    struct mem_event event;

    (void)state;
    request.flags = ~(uint32_t)(VM_EVENT_FLAG_VCPU_PAUSED | VM_EVENT_FLAG_FOREIGN);
    request.u.mem_paging.flags = ~(uint32_t)(MEM_PAGING_DROP_PAGE | MEM_PAGING_EVICT_FAIL);
    assert_int_equal(vm_event_decode(&request, &event), 0);
    assert_false(event.vcpu_paused || event.foreign || event.drop || event.evict_fail);
}

static void another_version_or_reason_is_refused(void **state)
{
    vm_event_request_t request = request_of(1);
    struct mem_event event;

    (void)state;
    for (uint32_t version = 0; version < 20; version++) {
        request.version = version;
        assert_int_equal(vm_event_decode(&request, &event),
                         version == VM_EVENT_INTERFACE_VERSION ? 0 : -EPROTO);
    }
    request.version = VM_EVENT_INTERFACE_VERSION;
    for (uint32_t reason = 0; reason < 20; reason++) {
        request.reason = reason;
        assert_int_equal(vm_event_decode(&request, &event),
                         reason == VM_EVENT_REASON_MEM_PAGING ? 0 : -EPROTO);
    }
}

/* Its slot has to be given back, and its vCPU let go. */
static void a_refused_request_can_be_answered_all_the_same(void **state)
{
    vm_event_request_t request = request_of(9);
    struct mem_event event;

    (void)state;
    request.version++;
    request.vcpu_id = 2;
    request.flags = VM_EVENT_FLAG_VCPU_PAUSED;
    assert_int_equal(vm_event_decode(&request, &event), -EPROTO);
    assert_int_equal(event.vcpu_id, 2);
    assert_true(event.vcpu_paused);
}

static void a_response_answers_its_request(void **state)
{
    const struct mem_event event = {
        .gfn = 77, .vcpu_id = 3, .p2mt = 9, .vcpu_paused = true, .evict_fail = true};
    vm_event_response_t response;

    (void)state;
    vm_event_encode(&event, &response);
    assert_int_equal(response.version, VM_EVENT_INTERFACE_VERSION);
    assert_int_equal(response.reason, VM_EVENT_REASON_MEM_PAGING);
    assert_int_equal(response.vcpu_id, 3);
    assert_int_equal(response.flags, VM_EVENT_FLAG_VCPU_PAUSED);
    assert_int_equal(response.u.mem_paging.gfn, 77);
    assert_int_equal(response.u.mem_paging.p2mt, 9);
    assert_int_equal(response.u.mem_paging.flags, MEM_PAGING_EVICT_FAIL);
}

static void a_response_unpauses_nobody_who_was_not_paused(void **state)
{
    const struct mem_event event = {.gfn = 77, .foreign = true, .drop = true};
    vm_event_response_t response;

    (void)state;
    vm_event_encode(&event, &response);
    assert_int_equal(response.flags, 0);
    assert_int_equal(response.u.mem_paging.flags, MEM_PAGING_DROP_PAGE);
}

/* Registers, emulation data, altp2m: Xen acts on whatever it finds there. */
static void all_that_a_response_does_not_say_is_zero(void **state)
{
    const struct mem_event event = {.gfn = 0};
    vm_event_response_t response, expected;

    (void)state;
    memset(&response, 0xff, sizeof(response));
    vm_event_encode(&event, &response);
    memset(&expected, 0, sizeof(expected));
    expected.version = VM_EVENT_INTERFACE_VERSION;
    expected.reason = VM_EVENT_REASON_MEM_PAGING;
    assert_memory_equal(&response, &expected, sizeof(expected));
}

#define WITH_RING(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RING(a_new_ring_is_empty),
        WITH_RING(requests_come_out_in_their_order),
        WITH_RING(a_full_ring_comes_out_whole),
        WITH_RING(a_slot_is_free_again_after_the_response_only),
        WITH_RING(indices_wrap_round_the_ring_thousands_of_times),
        WITH_RING(indices_wrap_round_32_bits),
        WITH_RING(xen_is_to_tell_of_the_next_request),
        WITH_RING(a_producer_index_that_cannot_be_right_is_refused),
        WITH_RING(an_index_that_counts_unanswered_slots_again_is_refused),
        WITH_RING(an_index_that_goes_back_is_refused),
        WITH_RING(an_index_that_goes_back_to_what_is_owed_is_refused),
        WITH_RING(whatever_the_index_no_more_than_8_requests_are_owed),
        WITH_RING(a_request_is_copied_out_once),
        WITH_RING(a_response_that_nobody_asked_for_is_a_bug),
        cmocka_unit_test(a_plain_request_is_decoded),
        cmocka_unit_test(each_flag_is_decoded_by_itself),
        cmocka_unit_test(flags_that_we_do_not_know_do_not_matter),
        cmocka_unit_test(another_version_or_reason_is_refused),
        cmocka_unit_test(a_refused_request_can_be_answered_all_the_same),
        cmocka_unit_test(a_response_answers_its_request),
        cmocka_unit_test(a_response_unpauses_nobody_who_was_not_paused),
        cmocka_unit_test(all_that_a_response_does_not_say_is_zero),
    };

    return cmocka_run_group_tests_name("vm_event_codec", tests, NULL, NULL);
}
