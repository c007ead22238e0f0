/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place that makes hypercalls and maps pages of the guest.
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

#define XEN_MAX_COPY 64

struct xen_domain_info {
    bool dying;
    bool hvm; /* HVM or PVH */
    bool hap;
    uint64_t resident_pages; /* Xen's tot_pages */
};

/*
 * Opens the interfaces to Xen for one domain. On failure message (size bytes) gets one line for
 * the user. Close with xen_ops_close(), which takes NULL.
 */
int xen_ops_open(uint32_t domid, struct xen_ops **ops, char *message, size_t size);
void xen_ops_close(struct xen_ops *ops);

uint32_t xen_ops_domid(const struct xen_ops *ops);

/* -ESRCH if there is no such domain (XEN_DOMCTL_getdomaininfo may answer for the next one). */
int xen_domain_info(struct xen_ops *ops, struct xen_domain_info *info);

/* The highest gfn that the domain has used (XENMEM_maximum_gpfn). */
int xen_max_gfn(struct xen_ops *ops, uint64_t *gfn);

/* Free memory of the host, in pages. */
int xen_free_host_pages(struct xen_ops *ops, uint64_t *pages);

/* For each of nr (at most 1024) gfns: is it backed by a frame now? XEN_DOMCTL_getpageframeinfo3. */
int xen_are_resident(struct xen_ops *ops, const uint32_t *gfns, size_t nr, bool *resident);

/* Pauses all vCPUs, and returns when none of them runs; lets them go on. Pauses are counted. */
int xen_pause(struct xen_ops *ops);
int xen_unpause(struct xen_ops *ops);

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
 * Turns paging on (XEN_VM_EVENT_ENABLE) and returns the event channel port to bind to; off.
 * -EBUSY, -ENODEV (no HAP), -EMLINK (IOMMU), -EXDEV (PoD), -EOPNOTSUPP (PVH dom0).
 */
int xen_enable_paging(struct xen_ops *ops, uint32_t *port);
int xen_disable_paging(struct xen_ops *ops);

/* p2m_ram_* to paging_out. -EBUSY if it cannot be paged out now, whatever the reason. */
int xen_nominate(struct xen_ops *ops, uint32_t gfn);

/*
 * Copies nr (at most XEN_MAX_COPY) nominated frames to the pages at copies[]. errors[] gets 0 or a
 * negative errno for each. The frames are mapped only meanwhile: evict needs to be the last to hold
 * them.
 */
void xen_copy_out(struct xen_ops *ops, const uint32_t *gfns, size_t nr, void *const *copies,
                  int *errors);

/* paging_out to paged: the frame is freed. -EBUSY if it is not nominated any more, or in use. */
int xen_evict(struct xen_ops *ops, uint32_t gfn);

/*
 * Takes a nomination back. -EAGAIN: the ring was full, ask again once it is not. -EINVAL: the gfn
 * is gone. Stock Xen has no operation for it. A foreign access makes Xen populate the gfn, and
 * prep then completes it; the request for it (EVICT_FAIL) is still going to be in the ring.
 */
int xen_cancel_nomination(struct xen_ops *ops, uint32_t gfn);

/*
 * Gives a frame with these contents to a gfn that is paged out, whether it was asked for or not.
 * -ENOMEM: no memory now; -ENOENT: the gfn is not paged out (any more).
 */
int xen_load(struct xen_ops *ops, uint32_t gfn, const void *page);

/*
 * Completes a page-in for which the frame is still there. -ENOENT: nothing to complete; -EINVAL:
 * the frame is not there.
 */
int xen_prep(struct xen_ops *ops, uint64_t gfn);

#endif
