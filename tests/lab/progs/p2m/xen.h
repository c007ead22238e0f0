/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What dom0 can do to a page of the guest, a hypercall a function, each reported as a step. One
 * process works on one domain. All return 0 or -errno.
 */
#ifndef P2M_XEN_H
#define P2M_XEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include <xenctrl.h>
#include <xen/hvm/hvm_op.h>

#define PAGE_BYTES 4096

extern xc_interface *xen_xc;
extern uint32_t xen_domid;

void xen_open(uint32_t domid);

/* Calls the pager uses. LOAD's page must not be NULL; PREP is the load without contents. */
int xen_nominate(uint64_t gfn);
int xen_evict(uint64_t gfn);
int xen_load(uint64_t gfn, const void *page);
int xen_prep(uint64_t gfn);

/* Takes a nomination back, without reports; nothing happens if there is none. */
void xen_cancel(uint64_t gfn);

/* Balloons one page: out of the guest, and a new one in. */
int xen_balloon_out(uint64_t gfn);
int xen_balloon_in(uint64_t gfn);

/* As a device model does. On a stock Xen it populates a gfn of a paging type: -EAGAIN. */
int xen_set_type(uint64_t gfn, hvmmem_type_t type);

/* Maps a device's page in place of the guest's, or the hole in place of that. */
int xen_map_device(uint64_t gfn, bool there);

/* Log-dirty mode, on or off. */
int xen_log_dirty(bool on);

/* Whether the gfn has a frame, as Xen tells the pager; or -errno. */
int xen_frame_info(uint64_t gfn);

/* Lets dom0 use the page, as the guest may, or not. Ends the program if it cannot. */
void xen_grant(uint64_t gfn, bool granted);

/*
 * Maps one page straight through privcmd: libxenforeignmemory would wait for a page that is out.
 * NULL if it cannot be mapped, and then *error is -errno.
 */
void *xen_map(uint64_t gfn, int protection, int *error);
void xen_unmap(void *page);

/* Without reports: fills the page, reads it, and whether all its bytes are VALUE. */
void xen_fill(uint64_t gfn, uint8_t value);
void xen_read(uint64_t gfn, void *copy);
bool xen_holds(uint64_t gfn, uint8_t value);

struct xen_counts {
    long resident;
    long paged; /* below 0 after some of stock Xen's mistakes */
    uint64_t cpu_ns;
};

struct xen_counts xen_counts(void);

void xen_pause(void);
void xen_unpause(void);

#endif
