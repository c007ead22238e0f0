/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place that makes hypercalls and maps pages of the guest. xen_ops.c has most of it; how
 * pages go out is in xen_stock.c for a stock Xen, and in xen_batch.c for one that has the batch
 * operation of hypervisor-patches/. The callers need not know which it is.
 *
 * It keeps no state of a page. All functions return 0 or a negative errno unless they say
 * otherwise; -ESRCH (from most) means that the domain is gone. gfns are 64-bit here, as Xen's are.
 */
#ifndef XENPAGING2_XEN_OPS_H
#define XENPAGING2_XEN_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xen_ops;

/* No step is larger: see xen_step(). */
#define XEN_MAX_STEP 32
#define XEN_MAX_QUERY 512 /* pages that xen_query() takes, of all that are out */

/* One page of a batch. */
struct xen_page {
    uint32_t gfn;
    int rc;     /* what became of it */
    void *copy; /* for xen_nominate() and xen_load_all(): a page of xen_alloc_pages() */
};

struct xen_domain_info {
    bool dying;
    bool hvm; /* HVM or PVH */
    bool hap;
    bool paused;             /* by whomever */
    uint32_t nr_vcpus;       /* that it may have */
    uint8_t uuid[16];        /* its handle */
    uint64_t resident_pages; /* Xen's tot_pages */
    uint64_t paged_pages;    /* that are out; a stock Xen counts wrongly what was ballooned */
};

/* What xen_query() says of a gfn. */
enum xen_page_state {
    XEN_PAGE_IN,     /* not out; but it may be nominated */
    XEN_PAGE_OUT,    /* paged out, and nobody waits for it */
    XEN_PAGE_WANTED, /* paged out, and somebody may wait */
};

/*
 * Opens the interfaces to Xen for one domain. On failure message (size bytes) gets one line for
 * the user. Close with xen_ops_close(), which takes NULL.
 */
int xen_ops_open(uint32_t domid, struct xen_ops **ops, char *message, size_t size);
void xen_ops_close(struct xen_ops *ops);

uint32_t xen_ops_domid(const struct xen_ops *ops);

/*
 * Page-aligned memory, zeroed and present, that Xen can read and write at any time, and that is
 * left out of core dumps. NULL with errno if there is none. xen_free_pages() takes NULL.
 */
void *xen_alloc_pages(struct xen_ops *ops, unsigned int nr);
void xen_free_pages(struct xen_ops *ops, void *pages, unsigned int nr);

/* -ESRCH if there is no such domain (XEN_DOMCTL_getdomaininfo may answer for the next one). */
int xen_domain_info(struct xen_ops *ops, struct xen_domain_info *info);

/* The highest gfn that the domain has used (XENMEM_maximum_gpfn). */
int xen_max_gfn(struct xen_ops *ops, uint64_t *gfn);

/* Free memory of the host, in pages. */
int xen_free_host_pages(struct xen_ops *ops, uint64_t *pages);

/*
 * For each of nr (at most 1024) gfns: is it backed by a frame now? XEN_DOMCTL_getpageframeinfo3. A
 * patched Xen says so of pages that are out, too.
 */
int xen_are_resident(struct xen_ops *ops, const uint32_t *gfns, size_t nr, bool *resident);

/*
 * Pauses all vCPUs, and returns when none of them runs; lets them go on. Pauses are counted. What
 * xen_unpause() fails to undo is remembered: xen_go_on() tries it again, and returns 0 if no pause
 * is left to be undone. So do the next xen_unpause() and xen_ops_close().
 */
int xen_pause(struct xen_ops *ops);
int xen_unpause(struct xen_ops *ops);
int xen_go_on(struct xen_ops *ops);

/*
 * Keeps account of the pauses in *nr from now on, where the next pager finds it: at most one too
 * many. NULL: nowhere any more. xen_undo_pauses() undoes all of them, as long as the domain is
 * paused at all; returns 0 or a negative errno.
 */
void xen_keep_account(struct xen_ops *ops, uint32_t *nr);
int xen_undo_pauses(struct xen_ops *ops);

/*
 * Asks, without changing anything, whether a pager is attached: 0 if not, -EBUSY if so, -ENOSYS
 * if the hypervisor has no paging, -ESRCH, -EPERM (dom0 itself).
 */
int xen_probe_paging(struct xen_ops *ops);

/*
 * The ring's gfn (HVM_PARAM_PAGING_RING_PFN; -ENXIO if the toolstack set none), mapping it,
 * giving it a frame if it has none, and taking it out of the guest's physmap.
 */
int xen_ring_gfn(struct xen_ops *ops, uint64_t *gfn);
int xen_map_ring(struct xen_ops *ops, uint64_t gfn, void **page);
void xen_unmap_ring(struct xen_ops *ops, void *page);
int xen_populate_ring(struct xen_ops *ops, uint64_t gfn);
int xen_remove_ring(struct xen_ops *ops, uint64_t gfn);

/*
 * Turns paging on (XEN_VM_EVENT_ENABLE), finds out what this Xen offers for it, and returns the
 * event channel port to bind to; off.
 * -EBUSY, -ENODEV (no HAP), -EMLINK (IOMMU), -EXDEV (PoD), -EOPNOTSUPP (PVH dom0).
 */
int xen_enable_paging(struct xen_ops *ops, uint32_t *port);
int xen_disable_paging(struct xen_ops *ops);

/*
 * For what a pager left that has died. xen_replaces_rings(): whether Xen puts a new ring in the
 * place of a dead one (XENMEM_paging_feature_reattach); xen_take_over_paging() then is as
 * xen_enable_paging(). xen_renew_paging(): off and on again; -EBUSY if a vCPU waits for room in the
 * old ring. xen_resume_paging() has Xen look at responses, without an event channel. If they fail
 * after paging is on, it stays on.
 */
bool xen_replaces_rings(struct xen_ops *ops);
int xen_take_over_paging(struct xen_ops *ops, uint32_t *port);
int xen_renew_paging(struct xen_ops *ops, uint32_t *port);
int xen_resume_paging(struct xen_ops *ops);

/*
 * Once paging is on: whether Xen has the batch operation and loses no write of anybody; whether it
 * notifies the event channel when a page is let go that was refused with -EAGAIN.
 */
bool xen_is_patched(const struct xen_ops *ops);
bool xen_has_doorbell(const struct xen_ops *ops);

/* How many pages one call of the following takes: so few that a fault can wait for it. */
unsigned int xen_step(const struct xen_ops *ops);

/*
 * p2m_ram_* to paging_out, and then a copy of the contents. On a stock Xen the guest is paused
 * meanwhile: xen_go_on() tells if it goes on. The rc of each page:
 *
 *    0        nominated and copied
 *    -EAGAIN  in use at this moment
 *    -EBUSY   not pageable; a stock Xen says so whatever the reason
 *    -ENOENT  there is no page
 *    others   it may be nominated, and there is no copy: xen_cancel() it
 */
void xen_nominate(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);

/*
 * paging_out to paged: the frame is freed. The rc of each page:
 *
 *    0        it is out
 *    -ENOENT  not nominated any more: somebody took it back without a request
 *    -EAGAIN  in use at this moment, or, on a stock Xen, taken back: xen_cancel() it
 *    -EBUSY   not pageable: xen_cancel() it
 *    others   not known: it may be out or not
 */
void xen_evict(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);

/*
 * Takes nominations back. The rc of each page: 0; -ENOENT: it was not nominated any more, or is
 * gone; -EAGAIN: ask again, in a moment and with room in the ring. A stock Xen puts a request
 * (EVICT_FAIL) for each page into the ring, which still has to be answered.
 */
void xen_cancel(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);

/*
 * What Xen makes of gfns that may be out. The rc of each page: an enum xen_page_state, or a
 * negative errno. Page-ins for which the frame is there are completed. A stock Xen does not tell
 * OUT from WANTED, and says WANTED. There may be XEN_MAX_QUERY of them.
 */
void xen_query(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);

/*
 * Asks the domain's device models to drop the mappings that they keep without using them, when one
 * of its vCPUs runs next (IOREQ_TYPE_INVALIDATE). Returns 0 or a negative errno, -EOPNOTSUPP if
 * this Xen does not pass that on.
 */
int xen_ask_to_unmap(struct xen_ops *ops);

/*
 * Gives a frame with these contents to a gfn that is paged out, whether it was asked for or not.
 * -ENOMEM: no memory now; -ENOENT: the gfn is not paged out (any more).
 */
int xen_load(struct xen_ops *ops, uint32_t gfn, const void *page);

/*
 * The same for several gfns, whose contents are in copy, in one hypercall. With an rc that is none
 * of these it is not known whether the page is in: ask again, and -ENOENT then means that it was.
 */
void xen_load_all(struct xen_ops *ops, struct xen_page *pages, unsigned int nr);

/*
 * Completes a page-in for which the frame is still there. -ENOENT: nothing to complete; -EINVAL:
 * the frame is not there.
 */
int xen_prep(struct xen_ops *ops, uint64_t gfn);

#endif
