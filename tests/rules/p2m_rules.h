/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a gfn, as in Xen 4.17's arch/x86/mm/mem_paging.c, mm/p2m.c and common/memory.c,
 * and as these are with hypervisor-patches/ applied. What a stock Xen does wrong is done wrong
 * here, too. The rules stand here once, for the simulated host (tests/sim) and for the made-up
 * hypervisor of the unit tests; the table of tests/lab/progs/p2m/conformance_rows.c, which real
 * Xens have filled in, is their judge.
 *
 * A rule has no frames, no ring, no vCPUs and no locks: it is told what it has to know of them,
 * changes the entry, and says what its caller has to do. Rules return 0 or a negative errno, as
 * Xen's functions do.
 */
#ifndef TESTS_P2M_RULES_H
#define TESTS_P2M_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xen/vm_event.h>

/* p2m_type_t, with its values: requests have them. Log-dirty RAM is as other RAM here. */
enum p2m_type {
    TYPE_RAM_RW = 0,
    TYPE_INVALID = 1,
    TYPE_RAM_RO = 3,
    TYPE_MMIO_DIRECT = 5, /* without a frame here */
    TYPE_PAGING_OUT = 9,
    TYPE_PAGED = 10,
    TYPE_PAGING_IN = 11,
};

#define NO_FRAME UINT32_MAX

/* What a gfn is mapped to. */
struct p2m_entry {
    enum p2m_type type;
    uint32_t frame; /* or NO_FRAME */
};

#define P2M_HOLE ((struct p2m_entry){.type = TYPE_INVALID, .frame = NO_FRAME})

/* Who uses a frame. */
struct p2m_use {
    uint32_t refs; /* one of them is the allocation's */
    uint32_t pins; /* of these, the mappings by others (patched) */
    bool rings;    /* when the last pin goes: somebody was refused for it */
};

/* Which Xen. Each patch of the series makes one of its own; two steps are told apart. */
struct p2m_xen {
    bool patched;           /* all of them */
    bool drops_what_is_out; /* those up to 02: the balloon can give up what has no frame */
};

bool p2m_is_paging(const struct p2m_entry *e);
bool p2m_has_frame(const struct p2m_entry *e);

/* Counted in paged_pages: a paging type, and no frame. */
bool p2m_is_out(const struct p2m_entry *e);

/* --- Out. The codes are those of the batch operation. --- */

/* granted: the guest's grant table has the page, and the operation is one that looks there. */
int rule_nominate(struct p2m_entry *e, struct p2m_use *use, bool granted);

/* The frame that the entry had is to be freed then. */
int rule_evict(struct p2m_entry *e, struct p2m_use *use);

/* What a nomination or an eviction by one of the old operations returns for these codes. */
int rule_old_error(int rc);

/* Batch operations. A query returns XENMEM_paging_state_*. */
int rule_cancel(struct p2m_entry *e);
int rule_query(const struct p2m_entry *e);

/* XEN_DOMCTL_getpageframeinfo3 knows of no frame there. */
bool rule_looks_like_a_hole(struct p2m_xen xen, const struct p2m_entry *e);

/* A mapping by others comes, and goes; true if the doorbell rings. */
void rule_pin(struct p2m_xen xen, struct p2m_use *use);
bool rule_unpin(struct p2m_xen xen, struct p2m_use *use);

/* --- In. --- */

/* Returns NEEDS_FRAME if there is none yet: then rule_load() gives it one. */
#define NEEDS_FRAME 1
int rule_prepare(struct p2m_entry *e, bool has_page);
void rule_load(struct p2m_entry *e, uint32_t frame);

/* A response has come for it. */
void rule_resume(struct p2m_entry *e);

/* Whether Xen looks at a response; is_paused: the vCPU that it names, for an event. */
bool rule_heeds_response(struct p2m_xen xen, bool is_paused);

/*
 * p2m_mem_paging_populate(), in two halves. The first is over at once, and returns true if that was
 * all. Then a slot of the ring is claimed, for which a vCPU may have to wait. The second returns
 * true if the request is to be put there, and the vCPU to be paused if its flags say so.
 */
bool rule_take_back(struct p2m_xen xen, struct p2m_entry *e);
bool rule_want(struct p2m_xen xen, struct p2m_entry *e, bool by_vcpu, vm_event_request_t *request);

/* --- Others who look at it. Where asks is set to true, p2m_mem_paging_populate() is called. --- */

/* A vCPU's own access, or one that Xen makes for it, with page tables in the guest or without. */
enum access_by { BY_VCPU, BY_XEN, BY_XEN_UNTRANSLATED };
enum access_outcome { ACCESS_GOES_ON, ACCESS_ASKS, ACCESS_SPINS };
enum access_outcome rule_access(struct p2m_xen xen, const struct p2m_entry *e, enum access_by by);

/* A mapping by dom0: -ENOENT for "try again", -EINVAL, -EACCES. */
int rule_map(struct p2m_xen xen, struct p2m_entry *e, bool write, bool *asks);

/* A grant copy, or an emulated access of dom0's: -EAGAIN for "try again", or -EINVAL. */
int rule_copy(struct p2m_xen xen, struct p2m_entry *e, bool *asks);

/* XEN_DMOP_set_mem_type. is_pinned: the frame, if there is one. */
int rule_set_mem_type(struct p2m_xen xen, struct p2m_entry *e, enum p2m_type type, bool is_pinned,
                      bool *asks);

/* Maps a device there, and takes it away. A frame that was there is nobody's then. */
int rule_add_device(struct p2m_entry *e, bool is_pinned);
int rule_remove_device(struct p2m_entry *e);

/* --- The balloon: guest_remove_page() and populate_physmap(). --- */

struct p2m_removed {
    uint32_t frame; /* to be freed, or NO_FRAME */
    bool leaks;     /* a frame is nobody's then */
    bool tells;     /* the pager, by MEM_PAGING_DROP_PAGE */
};

int rule_remove(struct p2m_xen xen, struct p2m_entry *e, struct p2m_removed *removed);

/* Gives it a new frame. One that was there is nobody's then. */
void rule_add(struct p2m_entry *e, uint32_t frame);

#endif
