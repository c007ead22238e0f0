/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way back in. Each test starts with a rig, and at its end all must come back and be at peace:
 * nothing nominated, one response for each request, the right bytes everywhere.
 */
#include "rig.h"

#include <errno.h>
#include <string.h>

#include "failing.h"
#include "one_page.h"

#define STORE_TRIES 5

static void assert_state(struct rig *rig, uint32_t gfn, enum page_state state)
{
    assert_int_equal(pages_state(rig->pages, gfn), state);
}

/* --- Faults. --- */

static void a_fault_brings_the_page_back(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(fake_engine.nr_reads, 1);
    assert_int_equal(rig->stats.page_ins, 1);
    assert_int_equal(rig->stats.refaults, 1);
    assert_int_equal(rig->loaded, 1);
    assert_int_equal(store_bytes(rig->store), 2 * 4096);
}

static void the_guest_goes_on_before_the_books_are_kept(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    rig->waits_when_loaded = true;
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
    assert_int_equal(rig->loaded, 1);
    assert_false(rig->waits_when_loaded);
}

static void what_the_guest_then_writes_goes_out_with_the_next_eviction(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    assert_false(guest_write(0, 1));
    rig_serve_guest(rig);
    rig_page_out_all(rig);
    assert_state(rig, 1, PAGE_PAGED);
    assert_false(guest_read(0, 1)); /* the fake hypervisor checks what it gets */
    rig_serve_guest(rig);
}

static void a_page_of_zeros_comes_back_without_io(void **state)
{
    struct rig *rig = *state;

    guest_clear(0);
    rig_page_out(rig, 1);
    assert_int_equal(store_bytes(rig->store), 0);
    assert_false(guest_read(0, 0));
    rig_serve_guest(rig);
    assert_int_equal(fake_engine.nr_reads + fake_engine.nr_writes, 0);
}

static void several_vcpus_on_one_gfn_get_one_load_and_a_response_each(void **state)
{
    struct rig *rig = *state;
    unsigned int nr_requests = fake_xen_is_patched() ? 6 : 5;

    rig_page_out(rig, 3);
    fake_engine.hold = true;
    assert_false(guest_read(0, 1));
    loop_settle(rig->base);
    for (unsigned int vcpu = 1; vcpu < 5; vcpu++)
        assert_false(guest_read_emulated(vcpu, 1));
    assert_false(guest_read(5, 1)); /* on a stock Xen it spins, and sends nothing */
    loop_settle(rig->base);
    assert_int_equal(fake_xen_nr_unanswered(), nr_requests);
    fake_engine_release();
    rig_serve_guest(rig);
    assert_int_equal(fake_engine.nr_reads, 1);
    assert_int_equal(fake_xen_nr_responses(), nr_requests);
    assert_int_equal(rig->stats.refaults, 1);
}

static void requests_for_one_gfn_that_come_together_cause_one_load(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    assert_false(guest_read(0, 1));
    for (unsigned int vcpu = 1; vcpu < 8; vcpu++)
        assert_false(guest_read_emulated(vcpu, 1));
    rig_serve_guest(rig);
    assert_int_equal(fake_engine.nr_reads, 1);
    assert_int_equal(fake_xen_nr_responses(), 8);
}

static void a_full_ring_of_faults_is_served(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 20);
    for (unsigned int vcpu = 0; vcpu < FAKE_VCPUS; vcpu++) /* more than the ring has slots */
        assert_false(guest_read(vcpu, vcpu));
    rig_serve_guest(rig);
    assert_int_equal(rig->stats.page_ins, FAKE_VCPUS);
}

static void faults_are_served_out_of_order_if_the_store_is(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 20);
    fake_engine.fail_reads = 1; /* the first one has to wait a second */
    assert_false(guest_read(0, 3));
    assert_false(guest_read(1, 4));
    loop_settle(rig->base);
    assert_true(guest_is_waiting(0));
    assert_false(guest_is_waiting(1));
    rig_serve_guest(rig);
}

/* --- Others in the host. --- */

static void a_foreign_request_is_completed(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    assert_int_equal(foreign_map(1), -ENOENT);
    rig_serve_guest(rig);
    assert_int_equal(foreign_map(1), 0);
    foreign_unmap(1);
    assert_int_equal(rig->stats.page_ins, 1);
}

/* As privcmd and libxenforeignmemory do, a short time later. */
static void what_a_program_asked_for_is_there_when_it_asks_again(void **state)
{
    struct rig *rig = *state;

    rig_page_out_all(rig);
    assert_int_equal(foreign_map(1), -ENOENT);
    rig_serve_guest(rig);
    rig_start_page_out(rig, 1); /* nothing else is in memory */
    loop_for(rig->base, 20);
    assert_int_equal(foreign_map(1), 0);
    foreign_unmap(1);
    loop_for(rig->base, 5000);
    assert_int_equal(pages_state(rig->pages, 1), PAGE_PAGED);
}

/* As a save does, of a guest that stays as large as it is. */
static void a_program_that_goes_over_all_of_the_guest_has_in_only_what_was_out(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, RIG_GFNS / 2);
    for (uint32_t gfn = 0; gfn < RIG_GFNS - 1; gfn++) { /* the ring's is the last one */
        uint64_t page_ins = rig->stats.page_ins;

        while (foreign_map(gfn))
            rig_serve_guest(rig);
        foreign_unmap(gfn);
        loop_for(rig->base, 300);
        rig_page_out(rig, rig->stats.page_ins - page_ins);
    }
    assert_int_equal(rig->stats.page_ins, RIG_GFNS / 2);
}

static void a_foreign_request_and_a_vcpu_wait_for_the_same_load(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.hold = true;
    assert_int_equal(foreign_copy(1), -EAGAIN);
    assert_false(guest_read_emulated(0, 1));
    loop_settle(rig->base);
    fake_engine_release();
    rig_serve_guest(rig);
    assert_int_equal(fake_engine.nr_reads, 1);
    assert_int_equal(fake_xen_nr_responses(), 2);
}

/* Xen ignores the response to a foreign request: without prep, the gfn stays on its way in. */
static void a_foreign_access_to_a_nominated_gfn_is_completed_by_prep(void **state)
{
    struct rig *rig = *state;

    fake_engine.hold = true;
    rig_start_page_out(rig, 3);
    loop_settle(rig->base);
    assert_state(rig, 1, PAGE_NOMINATED);
    assert_int_equal(foreign_copy(1), -EAGAIN);
    loop_settle(rig->base);
    assert_int_equal(fake_xen_type(1), TYPE_RAM_RW);
    assert_int_equal(foreign_copy(1), 0);
    rig->to_go = 0;
    fake_engine_release();
    rig_finish_batch(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
}

/* --- Gfns that are not ours. --- */

static void a_request_for_a_gfn_that_is_there_is_answered(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(nominate_one(rig->ops, 7), 0); /* behind the pager's back */
    assert_false(guest_read_emulated(0, 7));
    rig_serve_guest(rig);
    assert_int_equal(rig->stats.page_ins, 0);
    assert_int_equal(rig->cannot_load, 0);
}

static void a_gfn_paged_out_by_somebody_else_is_not_made_up(void **state)
{
    static _Alignas(4096) char page[4096];
    struct rig *rig = *state;

    fake_xen_expected(7, page);
    assert_int_equal(nominate_one(rig->ops, 7), 0);
    assert_int_equal(evict_one(rig->ops, 7), 0);
    assert_false(guest_read(0, 7));
    loop_settle(rig->base);
    assert_true(guest_is_waiting(0));
    assert_int_equal(rig->cannot_load, 1);
    assert_int_equal(rig->cannot_load_gfn, 7);
    assert_int_equal(xen_load(rig->ops, 7, page), 0); /* who has it brings it back */
    mem_event_ring_respond(rig->ring,
                           &(struct mem_event){.gfn = 7, .p2mt = TYPE_PAGED, .vcpu_paused = true});
    rig_serve_guest(rig);
}

static void a_request_beyond_the_guests_gfns_is_answered(void **state)
{
    static const uint64_t gfns[] = {RIG_GFNS, UINT64_C(1) << 32 | 1, UINT64_MAX};
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    for (size_t i = 0; i < sizeof(gfns) / sizeof(gfns[0]); i++) {
        for (uint32_t flags = 0; flags < 4; flags++) {
            fake_xen_let_lie(gfns[i], flags);
            loop_settle(rig->base);
            assert_int_equal(fake_xen_nr_unanswered(), 0);
        }
    }
    assert_state(rig, 1, PAGE_PAGED); /* 2^32 + 1 is not gfn 1 */
}

/* --- Drops. --- */

static void a_drop_of_a_paged_gfn_frees_its_slot(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    guest_give_up(1);
    rig_serve_guest(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(store_bytes(rig->store), 2 * 4096);
    assert_int_equal(rig->stats.drops, 1);
    assert_int_equal(rig->stats.page_ins, 0);
    guest_take(1);
    assert_true(guest_read(0, 1)); /* zeros */
}

static void a_gfn_dropped_and_taken_again_goes_out_again(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    guest_give_up(1);
    rig_serve_guest(rig);
    guest_take(1);
    assert_true(guest_write(0, 1));
    rig_page_out_all(rig);
    assert_state(rig, 1, PAGE_PAGED);
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
}

static void a_drop_of_a_loading_gfn_ends_the_load(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.hold = true;
    assert_int_equal(foreign_map(1), -ENOENT);
    loop_settle(rig->base);
    assert_state(rig, 1, PAGE_LOADING);
    guest_give_up(1);
    loop_settle(rig->base);
    fake_engine_release();
    rig_serve_guest(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(rig->stats.drops, 1);
    assert_int_equal(store_bytes(rig->store), 2 * 4096);
}

/* The new page must not be overwritten with the old one. */
static void a_gfn_dropped_while_loading_and_taken_again_keeps_its_new_page(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.hold = true;
    assert_int_equal(foreign_map(1), -ENOENT);
    loop_settle(rig->base);
    guest_give_up(1);
    guest_take(1);
    assert_true(guest_write(1, 1));
    fake_engine_release();
    rig_serve_guest(rig);
    assert_true(guest_read(1, 1));
}

/* Nobody needs it any more: that it cannot be read harms nobody. */
static void a_drop_of_a_loading_gfn_ends_its_read_errors_too(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.fail_reads = 1000;
    assert_int_equal(foreign_map(1), -ENOENT);
    loop_settle(rig->base);
    assert_state(rig, 1, PAGE_LOADING);
    guest_give_up(1);
    loop_for(rig->base, 20000);
    fake_engine.fail_reads = 0;
    assert_int_equal(rig->cannot_load, 0);
    assert_state(rig, 1, PAGE_RESIDENT);
}

static void a_drop_of_a_resident_gfn_is_answered(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 1);
    guest_give_up(0); /* the request is in the ring */
    assert_int_equal(rig->stats.drops, 0);
    pages_drop(rig->pages, 0); /* as if it had come back meanwhile */
    store_free(rig->store, 0);
    rig_serve_guest(rig);
    assert_int_equal(rig->stats.drops, 0);
}

/* Where the balloon cannot give it up, nobody is told, and the page stays the guest's. */
static void what_the_balloon_cannot_give_up_comes_back(void **state)
{
    struct rig *rig = *state;

    fake_xen.keeps_what_is_out = true;
    rig_page_out(rig, 3);
    assert_int_equal(guest_try_to_give_up(1), -EILSEQ);
    rig_serve_guest(rig);
    assert_state(rig, 1, PAGE_PAGED);
    assert_int_equal(rig->stats.drops, 0);
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
}

/* --- Nominated gfns. --- */

static void start_batch_and_hold_its_writes(struct rig *rig)
{
    fake_engine.hold = true;
    rig_start_page_out(rig, 3);
    loop_settle(rig->base);
    for (uint32_t gfn = 0; gfn < 3; gfn++)
        assert_state(rig, gfn, PAGE_NOMINATED);
}

static void end_batch(struct rig *rig)
{
    rig->to_go = 0;
    fake_engine_release();
    rig_finish_batch(rig);
}

static void a_fault_on_a_nominated_gfn_undoes_the_nomination_at_once(void **state)
{
    struct rig *rig = *state;

    start_batch_and_hold_its_writes(rig);
    assert_int_equal(guest_write(0, 1), fake_xen_is_patched());
    loop_settle(rig->base);
    assert_false(guest_is_waiting(0)); /* it did not wait for the store */
    end_batch(rig);
    assert_int_equal(rig->stats.lost, 1);
    assert_state(rig, 0, PAGE_PAGED);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(store_bytes(rig->store), 2 * 4096);
}

static void several_vcpus_undo_a_nomination_once_and_get_a_response_each(void **state)
{
    struct rig *rig = *state;

    start_batch_and_hold_its_writes(rig);
    for (unsigned int vcpu = 0; vcpu < 3; vcpu++)
        assert_false(guest_read_emulated(vcpu, 1));
    loop_settle(rig->base);
    assert_int_equal(guest_nr_waiting(), 0);
    assert_int_equal(fake_xen_nr_responses(), 3);
    assert_int_equal(rig->stats.lost, 1);
    end_batch(rig);
}

static void a_nominated_gfn_that_is_given_up_is_given_back_without_a_word(void **state)
{
    struct rig *rig = *state;

    start_batch_and_hold_its_writes(rig);
    guest_give_up(1);
    end_batch(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(store_bytes(rig->store), 2 * 4096);
    assert_int_equal(fake_xen_type(1), TYPE_INVALID);
}

static void a_drop_of_a_nominated_gfn_gives_it_back(void **state)
{
    struct rig *rig = *state;

    fake_xen.tells_of_nominated_drops = true;
    start_batch_and_hold_its_writes(rig);
    guest_give_up(1);
    loop_settle(rig->base);
    end_batch(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(fake_xen_type(1), TYPE_INVALID);
    assert_int_equal(store_bytes(rig->store), 2 * 4096);
}

static void a_nominated_gfn_given_up_and_taken_again_keeps_its_new_page(void **state)
{
    struct rig *rig = *state;

    for (int tells = 0; tells < 2; tells++) {
        fake_xen.tells_of_nominated_drops = tells;
        fake_engine.hold = true;
        rig_start_page_out(rig, 3);
        loop_settle(rig->base);
        for (uint32_t gfn = 0; gfn < RIG_GFNS - 1; gfn++) {
            if (pages_state(rig->pages, gfn) != PAGE_NOMINATED)
                continue;
            guest_give_up(gfn);
            guest_take(gfn);
            assert_true(guest_write(1, gfn));
        }
        end_batch(rig);
        assert_int_equal(pages_nr_paged(rig->pages), 0);
    }
}

/* A gfn can be nominated, wanted, given back, and nominated again before its request is seen. */
static void a_request_of_an_earlier_nomination_does_not_undo_this_one(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(nominate_one(rig->ops, 1), 0);
    assert_int_equal(foreign_copy(1), -EAGAIN); /* the request is in the ring */
    assert_int_equal(xen_prep(rig->ops, 1), 0);
    assert_int_equal(nominate_one(rig->ops, 1), 0);
    assert_int_equal(pages_make_room(rig->pages, 1), 0);
    pages_nominate(rig->pages, 1); /* this one is the pager's */
    mem_event_ring_consume(rig->ring);
    assert_int_equal(rig->stats.lost, 0);
    assert_int_equal(fake_xen_type(1), TYPE_PAGING_OUT);
    pages_give_up(rig->pages, 1);
    assert_int_equal(cancel_one(rig->ops, 1), 0);
    rig_serve_guest(rig);
}

/* --- Memory. --- */

static void without_memory_the_load_is_put_off_and_the_owner_told(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_xen.free_host_pages = 0;
    assert_false(guest_read(0, 1));
    loop_for(rig->base, 1000);
    assert_true(guest_is_waiting(0));
    assert_true(rig->short_of_memory > 1);
    assert_int_equal(fake_engine.nr_reads, 1); /* it was read once, and is kept */
    assert_true(rig->stats.retries > 10);
    fake_xen.free_host_pages = 1;
    loop_for(rig->base, 30);
    assert_false(guest_is_waiting(0));
    fake_xen.free_host_pages = 100;
}

static void a_page_dropped_while_it_waits_for_memory_ends_its_load(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_xen.free_host_pages = 0;
    assert_int_equal(foreign_map(1), -ENOENT);
    loop_for(rig->base, 100);
    guest_give_up(1);
    loop_for(rig->base, 100);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(rig->stats.drops, 1);
    fake_xen.free_host_pages = 100;
}

/* --- Errors. --- */

static void a_read_error_is_tried_again(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.fail_reads = STORE_TRIES - 1;
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
    assert_int_equal(rig->cannot_load, 0);
    assert_int_equal(fake_engine.nr_reads, STORE_TRIES);
    assert_int_equal(rig->stats.retries, STORE_TRIES - 1);
}

static void a_read_error_that_stays_is_told_of_once_and_tried_for_ever(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.fail_reads = 1000;
    assert_false(guest_read(0, 1));
    loop_for(rig->base, 20000);
    assert_true(guest_is_waiting(0));
    assert_int_equal(rig->cannot_load, 1);
    assert_int_equal(rig->cannot_load_gfn, 1);
    assert_says(rig->cannot_load_why, "cannot read");
    assert_int_equal(fake_engine.nr_reads, 1 + 20);
    fake_engine.fail_reads = 0; /* somebody has plugged the cable in again */
    rig_serve_guest(rig);
}

static void wrong_bytes_are_never_handed_over(void **state)
{
    struct rig *rig = *state;
    uint32_t slot;

    rig_page_out(rig, 3);
    slot = pages_slot(rig->pages, 1);
    fake_engine_corrupt(slot);
    assert_false(guest_read(0, 1));
    loop_for(rig->base, 20000);
    assert_true(guest_is_waiting(0));
    assert_int_equal(fake_xen_type(1), TYPE_PAGING_IN);
    assert_int_equal(rig->cannot_load, 1);
    assert_says(rig->cannot_load_why, "checksum");
    fake_engine_corrupt(slot); /* the bit is back */
    rig_serve_guest(rig);
    assert_int_equal(rig->cannot_load, 1);
    assert_int_equal(rig->all_can_load, 1);
}

static void the_end_of_failure_is_told_of_when_the_last_page_is_in(void **state)
{
    struct rig *rig = *state;
    uint32_t slots[2];

    rig_page_out(rig, 3);
    for (uint32_t gfn = 0; gfn < 2; gfn++) {
        slots[gfn] = pages_slot(rig->pages, gfn);
        fake_engine_corrupt(slots[gfn]);
        assert_false(guest_read(gfn, gfn));
    }
    loop_for(rig->base, 10000);
    assert_int_equal(rig->cannot_load, 2);
    fake_engine_corrupt(slots[0]);
    loop_for(rig->base, 2000);
    assert_int_equal(rig->all_can_load, 0);
    fake_engine_corrupt(slots[1]);
    rig_serve_guest(rig);
    assert_int_equal(rig->all_can_load, 1);
}

static void one_bad_page_does_not_stop_the_others(void **state)
{
    struct rig *rig = *state;
    uint32_t slot;

    rig_page_out(rig, 20);
    slot = pages_slot(rig->pages, 1);
    fake_engine_corrupt(slot);
    assert_false(guest_read(0, 1));
    for (unsigned int vcpu = 1; vcpu < FAKE_VCPUS; vcpu++)
        guest_read(vcpu, vcpu + 1);
    loop_for(rig->base, 500);
    assert_int_equal(guest_nr_waiting(), 1);
    fake_engine_corrupt(slot);
    rig_serve_guest(rig);
}

static void a_hypercall_that_fails_is_tried_again(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_xen_fail(CALL_LOAD, 2, EFAULT);
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
    assert_int_equal(rig->suspect_gone, 2);
    assert_int_equal(rig->cannot_load, 0);
}

/* An eviction that failed left it nominated, and what is taken back must not stay so in Xen. */
static void a_page_that_was_not_out_is_taken_back_until_it_is(void **state)
{
    struct rig *rig = *state;

    fake_xen_fail(CALL_EVICT, 1, EFAULT);
    fake_xen_fail(CALL_QUERY, 1, EFAULT);
    rig_page_out(rig, 1);
    assert_state(rig, 0, PAGE_PAGED); /* it may be */
    assert_int_equal(fake_xen_type(0), TYPE_PAGING_OUT);
    fake_xen_fail(CALL_SET_MEM_TYPE, 3, ENOMEM);
    fake_xen_fail(CALL_CANCEL, 3, ENOMEM);
    pager_fetch(rig->pager, 0);
    loop_settle(rig->base);
    assert_state(rig, 0, PAGE_LOADING);
    loop_for(rig->base, 1000);
    assert_state(rig, 0, PAGE_RESIDENT);
    assert_int_equal(fake_xen_type(0), TYPE_RAM_RW);
    assert_int_equal(rig->stats.retries, 3);
}

/* --- Requests that Xen cannot complete now. --- */

/* A vCPU that went on would find its page still on the way in, and say nothing more. */
static void a_request_that_cannot_be_completed_is_kept_and_tried_again(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(nominate_one(rig->ops, 7), 0); /* behind the pager's back */
    assert_false(guest_read_emulated(0, 7));
    fake_xen_fail(CALL_PREP, 3, ENOMEM);
    loop_settle(rig->base);
    assert_true(guest_is_waiting(0));
    assert_int_equal(fake_xen_nr_responses(), 0);
    assert_int_equal(rig->short_of_memory, 1);
    rig_serve_guest(rig);
    assert_int_equal(fake_xen_nr_responses(), 1);
    assert_int_equal(rig->short_of_memory, 3);
    assert_int_equal(rig->stats.retries, 3);
}

static void several_requests_that_cannot_be_completed_are_all_kept(void **state)
{
    struct rig *rig = *state;

    for (uint32_t gfn = 0; gfn < 8; gfn++) {
        assert_int_equal(nominate_one(rig->ops, gfn), 0);
        assert_false(guest_read_emulated(gfn, gfn));
    }
    fake_xen_fail(CALL_PREP, 12, ENOMEM);
    loop_settle(rig->base);
    assert_int_equal(fake_xen_nr_unanswered(), 8);
    rig_serve_guest(rig);
    assert_int_equal(fake_xen_nr_responses(), 8);
}

/* Xen ignores the response to a foreign request: only prep completes it. */
static void a_foreign_request_that_cannot_be_completed_is_tried_again(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(nominate_one(rig->ops, 7), 0);
    assert_int_equal(foreign_copy(7), -EAGAIN);
    fake_xen_fail(CALL_PREP, 1, EFAULT);
    loop_settle(rig->base);
    assert_int_equal(fake_xen_nr_responses(), 0);
    assert_int_equal(rig->suspect_gone, 1);
    rig_serve_guest(rig);
    assert_int_equal(foreign_copy(7), 0);
}

static void a_nomination_stands_until_its_request_is_completed(void **state)
{
    struct rig *rig = *state;

    start_batch_and_hold_its_writes(rig);
    assert_false(guest_read_emulated(0, 1));
    fake_xen_fail(CALL_PREP, 2, ENOMEM);
    loop_settle(rig->base);
    assert_int_equal(rig->stats.lost, 0);
    assert_state(rig, 1, PAGE_NOMINATED);
    rig_serve_guest(rig);
    assert_int_equal(rig->stats.lost, 1);
    end_batch(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
}

/* The batch takes the page back itself, and the request is answered all the same. */
static void a_batch_may_end_before_a_request_is_completed(void **state)
{
    struct rig *rig = *state;

    start_batch_and_hold_its_writes(rig);
    assert_false(guest_read_emulated(0, 1));
    fake_xen_fail(CALL_PREP, 1, EFAULT); /* some time until the next try */
    loop_settle(rig->base);
    end_batch(rig);
    assert_state(rig, 1, PAGE_RESIDENT);
    rig_serve_guest(rig);
    assert_int_equal(fake_xen_nr_responses(), 1);
}

static void a_drain_is_not_over_before_all_requests_are_completed(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(nominate_one(rig->ops, 7), 0);
    assert_false(guest_read_emulated(0, 7));
    fake_xen_fail(CALL_PREP, 30, EFAULT); /* one each 20 ms */
    loop_settle(rig->base);
    balance_drain(rig->balance);
    loop_for(rig->base, 500);
    assert_int_equal(rig->drained, 0);
    loop_for(rig->base, 2500);
    assert_true(rig->drained > 0);
    assert_int_equal(fake_xen_nr_unanswered(), 0);
}

/* --- Fetches. --- */

static void a_fetch_brings_a_page_that_nobody_waits_for(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    pager_fetch(rig->pager, 1);
    assert_state(rig, 1, PAGE_LOADING);
    loop_settle(rig->base);
    assert_state(rig, 1, PAGE_RESIDENT);
    assert_int_equal(rig->fetched, 1);
    assert_int_equal(rig->stats.page_ins, 1);
    assert_int_equal(rig->stats.refaults, 0);
    assert_true(guest_read(0, 1));
}

static void a_fault_during_a_fetch_waits_for_it(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.hold = true;
    pager_fetch(rig->pager, 1);
    assert_false(guest_read(0, 1));
    loop_settle(rig->base);
    fake_engine_release();
    rig_serve_guest(rig);
    assert_int_equal(fake_engine.nr_reads, 1);
    assert_int_equal(rig->stats.refaults, 1);
    assert_int_equal(rig->fetched, 1);
}

static void no_more_fetches_are_under_way_than_allowed(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 100);
    fake_engine.hold = true;
    for (uint32_t gfn = 0; gfn < PAGER_MAX_FETCHES; gfn++)
        pager_fetch(rig->pager, gfn);
    assert_false(pager_can_fetch(rig->pager));
    assert_state(rig, 99, PAGE_PAGED);
    fake_engine_release();
    loop_settle(rig->base);
    assert_int_equal(rig->fetched, PAGER_MAX_FETCHES);
    assert_true(pager_can_fetch(rig->pager));
    pager_fetch(rig->pager, 99);
    loop_settle(rig->base);
}

/* With all fetches under way, a full ring of faults still finds its buffers. */
static void fetches_never_take_the_place_of_faults(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 100);
    fake_engine.hold = true;
    for (uint32_t gfn = 0; gfn < PAGER_MAX_FETCHES; gfn++)
        pager_fetch(rig->pager, gfn);
    for (unsigned int vcpu = 0; vcpu < 8; vcpu++)
        assert_false(guest_read(vcpu, 50 + vcpu));
    loop_settle(rig->base);
    assert_int_equal(fake_engine_nr_waiting(), PAGER_MAX_FETCHES + 8);
    fake_engine_release();
    rig_serve_guest(rig);
}

/* --- Several that are read in one turn of the loop. --- */

/* Of batches and multicalls, whichever this hypervisor has. */
static unsigned int nr_hypercalls_for_many(void)
{
    return fake_xen_nr_calls(CALL_BATCH) + fake_xen_nr_calls(CALL_MULTICALL);
}

static void pages_read_together_are_loaded_with_one_hypercall(void **state)
{
    struct rig *rig = *state;
    unsigned int calls, notifications;

    rig_page_out(rig, 20);
    fake_engine.hold = true;
    for (unsigned int vcpu = 0; vcpu < 8; vcpu++)
        assert_false(guest_read(vcpu, vcpu));
    loop_settle(rig->base);
    calls = nr_hypercalls_for_many();
    notifications = fake_xen_nr_calls(CALL_NOTIFY);
    fake_engine_release();
    rig_serve_guest(rig);
    assert_int_equal(fake_xen_nr_calls(CALL_LOAD), 8);
    assert_int_equal(nr_hypercalls_for_many(), calls + 1);
    assert_int_equal(fake_xen_nr_calls(CALL_NOTIFY), notifications + 1);
}

static unsigned int nr_loads_while_somebody_waits;

static void count_loads(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    nr_loads_while_somebody_waits += call == CALL_LOAD && guest_nr_waiting();
}

static void who_waits_does_not_wait_for_fetches(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 20);
    fake_engine.hold = true;
    for (uint32_t gfn = 0; gfn < 10; gfn++)
        pager_fetch(rig->pager, gfn);
    assert_false(guest_read(0, 15));
    loop_settle(rig->base);
    nr_loads_while_somebody_waits = 0;
    fake_xen.before_call = count_loads;
    fake_engine_release();
    rig_serve_guest(rig);
    fake_xen.before_call = NULL;
    assert_int_equal(fake_xen_nr_calls(CALL_LOAD), 11);
    assert_int_equal(nr_loads_while_somebody_waits, 1);
}

static void a_page_given_up_after_it_was_read_is_not_loaded(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.hold = true;
    pager_fetch(rig->pager, 1);
    loop_settle(rig->base);
    fake_engine_release(); /* read in the next turn, in which the request is there too */
    guest_give_up(1);
    rig_serve_guest(rig);
    assert_int_equal(fake_xen_nr_calls(CALL_LOAD), 0);
    assert_int_equal(rig->stats.drops, 1);
    assert_int_equal(store_bytes(rig->store), 2 * 4096);
}

static void loads_that_break_off_are_tried_again(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 20);
    fake_engine.hold = true;
    for (unsigned int vcpu = 0; vcpu < 8; vcpu++)
        assert_false(guest_read(vcpu, vcpu));
    loop_settle(rig->base);
    fake_xen_fail(fake_xen_is_patched() ? CALL_BATCH : CALL_MULTICALL, 1, EFAULT);
    fake_engine_release();
    rig_serve_guest(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 20 - 8);
    assert_int_equal(store_bytes(rig->store), (20 - 8) * 4096);
}

static void a_fetch_that_meets_a_drop_ends(void **state)
{
    struct rig *rig = *state;

    rig_page_out(rig, 3);
    fake_engine.hold = true;
    pager_fetch(rig->pager, 1);
    guest_give_up(1);
    fake_engine_release();
    rig_serve_guest(rig);
    assert_int_equal(rig->fetched, 1);
    assert_int_equal(rig->stats.drops, 1);
    assert_state(rig, 1, PAGE_RESIDENT);
}

/* --- What the policy learns. --- */

static void a_page_that_was_waited_for_gets_a_second_chance(void **state)
{
    struct rig *rig = *state;

    rig_page_out_all(rig);
    assert_false(guest_read(0, 1));
    rig_serve_guest(rig);
    pager_fetch(rig->pager, 0);
    pager_fetch(rig->pager, 2);
    loop_settle(rig->base);
    assert_true(rig_passes_over_gfn_1(rig));
}

/* --- Memory of our own. --- */

static int create_and_destroy(void *arg)
{
    struct rig *rig = arg;
    const struct pager_env env = {.base = rig->base, .ops = rig->ops, .pages = rig->pages};
    struct pager *pager = pager_create(&env);

    if (!pager)
        return -errno;
    pager_destroy(pager);
    return 0;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    check_every_failure(create_and_destroy, *state);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    pager_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_fault_brings_the_page_back),
        ON_BOTH(the_guest_goes_on_before_the_books_are_kept),
        ON_BOTH(what_the_guest_then_writes_goes_out_with_the_next_eviction),
        ON_BOTH(a_page_of_zeros_comes_back_without_io),
        ON_BOTH(several_vcpus_on_one_gfn_get_one_load_and_a_response_each),
        ON_BOTH(requests_for_one_gfn_that_come_together_cause_one_load),
        ON_BOTH(a_full_ring_of_faults_is_served),
        ON_BOTH(faults_are_served_out_of_order_if_the_store_is),
        ON_BOTH(a_foreign_request_is_completed),
        ON_BOTH(what_a_program_asked_for_is_there_when_it_asks_again),
        ON_BOTH(a_program_that_goes_over_all_of_the_guest_has_in_only_what_was_out),
        ON_BOTH(a_foreign_request_and_a_vcpu_wait_for_the_same_load),
        ON_STOCK(a_foreign_access_to_a_nominated_gfn_is_completed_by_prep),
        ON_STOCK(a_request_for_a_gfn_that_is_there_is_answered),
        ON_BOTH(a_gfn_paged_out_by_somebody_else_is_not_made_up),
        ON_BOTH(a_request_beyond_the_guests_gfns_is_answered),
        ON_BOTH(a_drop_of_a_paged_gfn_frees_its_slot),
        ON_BOTH(a_gfn_dropped_and_taken_again_goes_out_again),
        ON_BOTH(a_drop_of_a_loading_gfn_ends_the_load),
        ON_BOTH(a_gfn_dropped_while_loading_and_taken_again_keeps_its_new_page),
        ON_BOTH(a_drop_of_a_loading_gfn_ends_its_read_errors_too),
        ON_BOTH(a_drop_of_a_resident_gfn_is_answered),
        ON_STOCK(what_the_balloon_cannot_give_up_comes_back),
        ON_BOTH(a_fault_on_a_nominated_gfn_undoes_the_nomination_at_once),
        ON_STOCK(several_vcpus_undo_a_nomination_once_and_get_a_response_each),
        ON_BOTH(a_nominated_gfn_that_is_given_up_is_given_back_without_a_word),
        ON_BOTH(a_drop_of_a_nominated_gfn_gives_it_back),
        ON_BOTH(a_nominated_gfn_given_up_and_taken_again_keeps_its_new_page),
        ON_STOCK(a_request_of_an_earlier_nomination_does_not_undo_this_one),
        ON_BOTH(without_memory_the_load_is_put_off_and_the_owner_told),
        ON_BOTH(a_page_dropped_while_it_waits_for_memory_ends_its_load),
        ON_BOTH(a_read_error_is_tried_again),
        ON_BOTH(a_read_error_that_stays_is_told_of_once_and_tried_for_ever),
        ON_BOTH(wrong_bytes_are_never_handed_over),
        ON_BOTH(the_end_of_failure_is_told_of_when_the_last_page_is_in),
        ON_BOTH(one_bad_page_does_not_stop_the_others),
        ON_BOTH(a_hypercall_that_fails_is_tried_again),
        ON_BOTH(a_page_that_was_not_out_is_taken_back_until_it_is),
        ON_STOCK(a_request_that_cannot_be_completed_is_kept_and_tried_again),
        ON_STOCK(several_requests_that_cannot_be_completed_are_all_kept),
        ON_STOCK(a_foreign_request_that_cannot_be_completed_is_tried_again),
        ON_STOCK(a_nomination_stands_until_its_request_is_completed),
        ON_STOCK(a_batch_may_end_before_a_request_is_completed),
        ON_STOCK(a_drain_is_not_over_before_all_requests_are_completed),
        ON_BOTH(a_fetch_brings_a_page_that_nobody_waits_for),
        ON_BOTH(a_fault_during_a_fetch_waits_for_it),
        ON_BOTH(no_more_fetches_are_under_way_than_allowed),
        ON_BOTH(fetches_never_take_the_place_of_faults),
        ON_BOTH(pages_read_together_are_loaded_with_one_hypercall),
        ON_BOTH(who_waits_does_not_wait_for_fetches),
        ON_BOTH(a_page_given_up_after_it_was_read_is_not_loaded),
        ON_BOTH(loads_that_break_off_are_tried_again),
        ON_BOTH(a_fetch_that_meets_a_drop_ends),
        ON_BOTH(a_page_that_was_waited_for_gets_a_second_chance),
        ON_BOTH(failure_to_create_leaves_nothing_behind),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };

    return cmocka_run_group_tests_name("pager", tests, NULL, NULL);
}
