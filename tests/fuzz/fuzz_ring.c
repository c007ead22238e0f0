/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring page written by somebody who is not Xen: requests of any contents, indices of any value.
 * Whatever comes, each request that was taken is answered once, and no page is lost of which no
 * request said that the guest has given it up.
 */
#include "rig.h"

#include <errno.h>
#include <string.h>

#include <xen/vm_event.h>

#include "fuzz.h"

#define NR_GFNS 48u
#define HEADER_BYTES 64 /* the indices, before the slots */

static struct fuzz_input input;
static struct rig *rig;
static bool given_up[NR_GFNS];
static bool any_given_up;
static uint32_t nr_taken; /* requests that the daemon can have seen so far, at the most */

static vm_event_sring_t *sring(void)
{
    return fake_xen_ring_page();
}

static vm_event_request_t *slot(unsigned int i)
{
    return &sring()->ring[i % MEM_EVENT_RING_SLOTS].req;
}

/* A gfn of the guest's most often, one that is out of all bounds now and then. */
static uint64_t any_gfn(void)
{
    uint8_t gfn = fuzz_byte(&input);

    return gfn < 0xf8 ? gfn % (NR_GFNS + 1) : fuzz_u64(&input);
}

static void write_request(void)
{
    uint8_t where = fuzz_byte(&input), odd = fuzz_byte(&input);
    vm_event_request_t request = {
        .version = odd & 1 ? fuzz_u32(&input) : VM_EVENT_INTERFACE_VERSION,
        .reason = odd & 2 ? fuzz_u32(&input) : VM_EVENT_REASON_MEM_PAGING,
        .flags = odd & 4 ? fuzz_u32(&input) : odd >> 4,
        .vcpu_id = fuzz_byte(&input),
        .u.mem_paging = {.gfn = any_gfn(), .flags = fuzz_byte(&input), .p2mt = odd >> 3},
    };

    memcpy(slot(where), &request, sizeof(request));
}

static void write_anything(void)
{
    size_t at = HEADER_BYTES + fuzz_u32(&input) % (4096 - HEADER_BYTES);

    ((uint8_t *)fake_xen_ring_page())[at] = fuzz_byte(&input);
}

static void add_requests(void)
{
    sring()->req_prod += fuzz_byte(&input) % (MEM_EVENT_RING_SLOTS + 2u);
}

static void set_index(void)
{
    sring()->req_prod = fuzz_u32(&input);
}

static void set_event_index(void)
{
    sring()->req_event = fuzz_u32(&input);
}

static void page_out(void)
{
    rig_start_page_out(rig, fuzz_byte(&input) % NR_GFNS);
}

static void fetch(void)
{
    uint32_t gfn;

    if (pager_can_fetch(rig->pager) && pages_newest(rig->pages, &gfn))
        pager_fetch(rig->pager, gfn);
}

static void trouble_in_store(void)
{
    uint8_t what = fuzz_byte(&input);

    fake_engine.hold = what & 1;
    fake_engine.fail_reads = what >> 1 & 3;
    fake_engine.fail_writes = what >> 3 & 3;
    if (!fake_engine.hold)
        fake_engine_release();
}

static void trouble_in_xen(void)
{
    static const enum fake_call calls[] = {CALL_PREP, CALL_LOAD, CALL_SET_MEM_TYPE, CALL_EVICT};
    static const int errors[] = {ENOMEM, EFAULT, EBUSY, EAGAIN};
    uint8_t what = fuzz_byte(&input);

    fake_xen_fail(calls[what & 3], what >> 2 & 7, errors[what >> 5 & 3]);
}

/* Before the daemon looks: what it may take for a gfn that is not the guest's any more. */
static void note_what_is_given_up(void)
{
    for (unsigned int i = 0; i < MEM_EVENT_RING_SLOTS; i++) {
        uint64_t gfn = slot(i)->u.mem_paging.gfn;

        if (gfn < NR_GFNS && slot(i)->u.mem_paging.flags & MEM_PAGING_DROP_PAGE)
            any_given_up = given_up[gfn] = true;
    }
}

static void let_it_look(void)
{
    note_what_is_given_up();
    fake_xen_kick();
    loop_settle(rig->base);
}

static void let_time_pass(void)
{
    note_what_is_given_up();
    loop_for(rig->base, 1 + fuzz_byte(&input));
}

static void do_something(void)
{
    static void (*const things[])(void) = {
        write_request,   write_request, add_requests, add_requests,     let_it_look,
        let_it_look,     page_out,      fetch,        trouble_in_store, trouble_in_xen,
        set_event_index, let_time_pass, set_index,    write_anything,
    };

    things[fuzz_byte(&input) % (sizeof(things) / sizeof(things[0]))]();
}

static void all_goes_well_again(void)
{
    for (int call = 0; call < NR_CALLS; call++)
        fake_xen_fail((enum fake_call)call, 0, 0);
    fake_engine.hold = false;
    fake_engine.fail_reads = fake_engine.fail_writes = 0;
    fake_engine_release();
}

/* With an index that makes sense: all of the slots are requests, whatever is in them. */
static void fill_ring(void)
{
    sring()->req_prod = sring()->rsp_prod + MEM_EVENT_RING_SLOTS;
    nr_taken = sring()->req_prod;
    let_it_look();
    loop_for(rig->base, 3000); /* what is tried again after a time */
}

/* Those of a page that nobody has wait for it, if it was given up and is asked for all the same. */
static void check_answers(void)
{
    uint32_t unanswered = nr_taken - sring()->rsp_prod;

    assert_in_range(unanswered, 0, any_given_up ? MEM_EVENT_RING_SLOTS : 0);
}

static void check_pages(void)
{
    for (uint32_t gfn = 0; gfn < NR_GFNS - 1; gfn++) {
        if (given_up[gfn])
            continue;
        assert_int_equal(fake_xen_type(gfn), TYPE_RAM_RW);
        assert_true(guest_read(0, gfn)); /* looks at the contents */
    }
    fake_xen_assert_no_complaint();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t first;

    input = (struct fuzz_input){data, size};
    memset(given_up, 0, sizeof(given_up));
    any_given_up = false;
    first = fuzz_byte(&input);
    fake_xen_patch(first & 1);
    rig = rig_create(NR_GFNS, "clock");
    fake_xen.ring_is_foreign = true;
    rig_page_out(rig, first >> 1 & 31);
    while (!fuzz_is_over(&input))
        do_something();
    all_goes_well_again();
    rig->to_go = 0;
    fill_ring();
    check_answers();
    rig_drain(rig);
    check_pages();
    rig_destroy(rig);
    return 0;
}
