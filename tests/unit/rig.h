/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole way out and in, wired as main.c wires it, over a fake hypervisor, a fake engine and a
 * fake clock. What the modules call back is done as main.c does it, and counted.
 */
#ifndef UNIT_RIG_H
#define UNIT_RIG_H

#include "test.h"

#include "balance.h"
#include "evict.h"
#include "fake_engine.h"
#include "fake_time.h"
#include "fake_xen.h"
#include "loop.h"
#include "mem_event_ring.h"
#include "pager.h"
#include "pages.h"
#include "policy.h"
#include "readahead.h"
#include "stats.h"
#include "store.h"
#include "xen_ops.h"

#define RIG_GFNS 256u

struct rig {
    struct event_base *base;
    struct xen_ops *ops;
    struct index *index; /* or NULL */
    struct pages *pages;
    struct policy *policy;
    struct store *store;
    struct pager *pager;
    struct evict *evict;
    struct balance *balance;
    struct readahead *readahead;
    struct mem_event_ring *ring;
    struct stats stats;

    bool balanced;  /* balance says how many go out; else: */
    uint64_t to_go; /* so many */

    unsigned int cannot_load, all_can_load, short_of_memory, drained, suspect_gone, fetched, loaded,
        evicted, new_passes;
    bool waits_when_loaded; /* vCPU 0, when the pager said so last */
    uint32_t cannot_load_gfn;
    char cannot_load_why[64];
};

/* Fit cmocka's setup and teardown. The teardown brings all back and wants all at peace. */
int rig_setup(void **state);
int rig_setup_balanced(void **state);
int rig_setup_patched(void **state);
int rig_teardown(void **state);

/* Tests with a rig, on a stock hypervisor, on a patched one, or on each. */
#define ON_STOCK(test) NAMED_TEST(test, "stock", rig_setup, rig_teardown)
#define ON_PATCHED(test) NAMED_TEST(test, "patched", rig_setup_patched, rig_teardown)
#define ON_BOTH(test) ON_STOCK(test), ON_PATCHED(test)

struct store_options;

/* The store of the rigs to come, with a fake engine at its end. NULL: nothing but that. */
void rig_use_store(const struct store_options *options);

/* With a guest of another size. */
struct rig *rig_create(uint32_t nr_gfns, const char *policy);
void rig_destroy(struct rig *rig);

/*
 * With an index at path; and one that takes over what such a one has left. To be buried before:
 * its daemon has died, at whatever it was doing. Its memory is not given back.
 */
struct rig *rig_create_with_index(uint32_t nr_gfns, const char *policy, const char *path);
void rig_bury(enum fake_engine_death death);
struct rig *rig_take_over(uint32_t nr_gfns, const char *policy, const char *path);

/* Pages nr gfns out, which with the clock are those from 0 on, and waits for the end of that. */
void rig_page_out(struct rig *rig, uint64_t nr);

/* Pages out all but the ring's gfn. */
void rig_page_out_all(struct rig *rig);

/* As rig_page_out(), and does not wait. */
void rig_start_page_out(struct rig *rig, uint64_t nr);

/*
 * With gfns 0 to 2 resident, 0 and 2 not touched since, and the clock's hand about to come to 0:
 * whether gfn 1 is passed over.
 */
bool rig_passes_over_gfn_1(struct rig *rig);

/* Waits until no batch is under way. */
void rig_finish_batch(struct rig *rig);

/* Runs the loop until everybody in the guest has what he waits for. */
void rig_serve_guest(struct rig *rig);

/* Has the rig's own balance bring back all there is, and waits for that. */
void rig_drain(struct rig *rig);

/* All at peace, in the fake hypervisor and in the modules' own books. */
void rig_assert_at_peace(struct rig *rig);

#endif
