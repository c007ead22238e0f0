/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hypervisor with one guest, in the test's own process: a p2m by the rules of p2m_rules.h, the
 * ring with its 8 slots (xen/common/vm_event.c), the event channel, foreign mappings with their
 * references, and vCPUs that stop at a page that is out and go on by themselves as soon as they
 * may. The daemon's xen_ops.c works on it unchanged, through the libraries' functions in
 * fake_xen_libs.c.
 *
 * It is a stock one, or one with hypervisor-patches/ (fake_xen_patch()): that has the batch
 * operation, a pin for each foreign mapping, and the doorbell; writers and the guest take a
 * nominated page back without a word. There, before_call() is called for each entry of a batch too.
 *
 * Every page that anybody reads is checked against what was last written to it.
 */
#ifndef UNIT_FAKE_XEN_H
#define UNIT_FAKE_XEN_H

#include <stdbool.h>
#include <stdint.h>

#include "p2m_rules.h"

#define FAKE_DOMID 7
#define FAKE_VCPUS 12

/* What the daemon can ask of the hypervisor. */
enum fake_call {
    CALL_NOMINATE,
    CALL_EVICT,
    CALL_PREP,
    CALL_LOAD,
    CALL_SET_MEM_TYPE,
    CALL_MAP,
    CALL_ENABLE,
    CALL_DISABLE,
    CALL_BIND,
    CALL_PENDING,
    CALL_NOTIFY,
    CALL_POPULATE,
    CALL_DECREASE,
    CALL_DOMAIN_INFO,
    CALL_MAX_GPFN,
    CALL_PHYSINFO,
    CALL_FRAME_INFO,
    CALL_PAUSE,
    CALL_UNPAUSE,
    CALL_HVM_PARAM,
    CALL_BATCH,     /* the hypercall; made to fail, it breaks off halfway */
    CALL_MULTICALL, /* likewise */
    CALL_CANCEL,
    CALL_QUERY,
    CALL_INVALIDATE,
    NR_CALLS
};

/* What a test may set at any time. */
struct fake_xen {
    bool gone;                /* the domain does not exist any more */
    bool dying;               /* it is about to */
    bool pv, no_hap;          /* what kind of guest it is */
    uint8_t uuid;             /* each byte of it */
    uint64_t free_host_pages; /* what the host can still give */
    uint32_t features;        /* XENMEM_paging_feature_*; 0: a stock hypervisor */

    /* Called before each hypercall: the place where all that races with the daemon happens. */
    void (*before_call)(enum fake_call call, uint32_t gfn);

    uint32_t hidden_gfns; /* at the end, that the guest has not got yet */
    bool notifies_late;   /* what is in the ring has to be found without being told */

    /* Somebody else writes the requests; Xen writes none, and no response means anything to it. */
    bool ring_is_foreign;

    /* The balloon cannot give up what is out, as on a stock 4.17: the first patches bring that. */
    bool keeps_what_is_out;

    /* Xen tells of a nominated gfn that is given up; 4.17 does not. */
    bool tells_of_nominated_drops;
};

extern struct fake_xen fake_xen;

/* A setup() as cmocka's, on a patched hypervisor. */
int setup_on_patched(int (*setup)(void **state), void **state);

/* Hypervisors created from now on are patched, or stock as they are at first. */
void fake_xen_patch(bool patched);
bool fake_xen_is_patched(void);

/* A guest with RAM in all of its gfns. The last of them is the ring's, as the toolstack left it. */
void fake_xen_create(uint32_t nr_gfns);
void fake_xen_destroy(void);

/* The daemon dies: the event channel is closed, and nothing is mapped any more. */
void fake_xen_pager_dies(void);

/* The next nr calls of a kind fail with an errno. */
void fake_xen_fail(enum fake_call call, unsigned int nr, int error);
unsigned int fake_xen_nr_calls(enum fake_call call);

/* --- The guest. An access that cannot be done at once goes on when the page is there. --- */

/* True if the access was done at once. */
bool guest_read(unsigned int vcpu, uint32_t gfn);
bool guest_write(unsigned int vcpu, uint32_t gfn);

/* By way of Xen's emulator, which reports each paging type, the pages on their way in too. */
bool guest_read_emulated(unsigned int vcpu, uint32_t gfn);

/* Reports a gfn that was on its way in a moment ago, and waits to be told to go on. */
void guest_report_late(unsigned int vcpu, uint32_t gfn);

bool guest_is_waiting(unsigned int vcpu);
unsigned int guest_nr_waiting(void);

/* Balloons a gfn out and back in; it is zeros then. The first returns 0 or a negative errno. */
int guest_try_to_give_up(uint32_t gfn);
void guest_give_up(uint32_t gfn);
void guest_take(uint32_t gfn);

/* Makes a page of zeros out of a resident one. */
void guest_clear(uint32_t gfn);

/* --- Others in the host, who do not wait: 0, or -ENOENT or -EAGAIN for "try again". --- */

int foreign_map(uint32_t gfn); /* privcmd's way: holds the frame if it has one */
int foreign_map_to_read(uint32_t gfn);
void foreign_write(uint32_t gfn); /* to a page that is mapped */
void foreign_unmap(uint32_t gfn);
int foreign_copy(uint32_t gfn); /* grant table's way: any paging type counts as not there */

/* --- What there is to see. --- */

enum p2m_type fake_xen_type(uint32_t gfn);
uint32_t fake_xen_nr_gfns(void);
uint32_t fake_xen_count(enum p2m_type type);
uint64_t fake_xen_resident(void); /* tot_pages */
uint64_t fake_xen_nr_paged(void); /* paged_pages */
unsigned int fake_xen_nr_responses(void);
unsigned int fake_xen_nr_unanswered(void);
bool fake_xen_ring_is_in_physmap(void);
bool fake_xen_paging_is_enabled(void);
bool fake_xen_is_paused(void);

/* The ring's page as Xen sees it, for those who want to lie to the daemon. */
void *fake_xen_ring_page(void);
void fake_xen_kick(void);

/* Puts in a request for any gfn, with MEM_PAGING_* flags, that no event has caused. */
void fake_xen_let_lie(uint64_t gfn, uint32_t flags);

/* What a gfn ought to contain now. */
void fake_xen_expected(uint32_t gfn, void *page);

/* Nothing that Xen would not have liked has happened so far. */
void fake_xen_assert_no_complaint(void);

/*
 * Nobody waits, each request has had its one response, no gfn is nominated or on its way in, and
 * every page that is in memory is the one that was last written.
 */
void fake_xen_assert_at_peace(void);

#endif
