/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the parts of the fake hypervisor only. */
#ifndef UNIT_FAKE_XEN_INSIDE_H
#define UNIT_FAKE_XEN_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xen/vm_event.h>

#include "fake_xen.h"

#define NO_VCPU UINT32_MAX /* somebody in the host */
#define MAX_MAPS 80

/* A gfn. */
struct entry {
    struct p2m_entry p2m;
    uint32_t version; /* of the contents; 0: zeros */
    uint32_t maps;    /* foreign_map() */
    uint32_t mapped;  /* the frame they are of */
};

/* The guest's memory. */
struct machine {
    uint32_t nr_gfns, nr_frames;
    struct entry *entries;
    struct p2m_use *uses; /* of each frame */
    int fd;
    char *frames;
    uint64_t resident;
    long paged;
    uint32_t last_version;
    struct {
        char *at;
        uint32_t frame;
    } mapped[MAX_MAPS];
    unsigned int nr_mapped;
    char complaint[256];
    struct {
        unsigned int nr, to_fail;
        int error;
    } calls[NR_CALLS];
};

extern struct machine machine;

/* The first thing that went wrong stays. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A hypercall begins: true, with errno set, if it has to fail. */
bool call_fails(enum fake_call call, uint64_t gfn);

bool has_feature(uint32_t feature);
struct p2m_xen machine_xen(void); /* which one the rules are asked for */

/* --- fake_frames.c --- */

char *frame_page(uint32_t frame);
uint32_t new_frame(void); /* NO_FRAME if there is none */
void fill_page(void *page, uint32_t gfn, uint32_t version);
void check_contents(uint32_t gfn);

/* Maps gfns; errors[] gets a negative errno for each that has no frame. */
void *frames_map(const xen_pfn_t *gfns, size_t nr, int protection, int *errors);
void frames_unmap(void *at, size_t nr);

/* The daemon's and the ring's references. */
void *frame_take(uint64_t gfn, uint32_t *frame);
void frame_put(uint32_t frame);

/* Somebody's mapping, which comes and goes; true if the doorbell rings. */
void frame_pin(uint32_t frame);
bool frame_unpin(uint32_t frame);

/* --- fake_p2m.c: the operations of p2m_rules.h, which return what the rules do. --- */

struct entry *entry_of(uint64_t gfn);

int p2m_nominate(uint64_t gfn, void *copy);
int p2m_evict(uint64_t gfn);
int p2m_cancel(uint64_t gfn);
int p2m_query(uint64_t gfn);
int p2m_old_nominate(uint64_t gfn); /* before there was the batch operation */
int p2m_old_evict(uint64_t gfn);
int p2m_prepare(uint64_t gfn, const void *page);
int p2m_set_mem_type(uint64_t gfn);
int p2m_add_frame(uint64_t gfn);
int p2m_remove(uint64_t gfn);
void p2m_resume(const vm_event_response_t *response);
bool gfn_has_frame(uint64_t gfn);
bool p2m_looks_like_a_hole(uint64_t gfn); /* XEN_DOMCTL_getpageframeinfo3 */

uint64_t p2m_ring_gfn(void);

/* Reports a gfn of a paging type. Returns false if vcpu has to wait for a slot first. */
bool p2m_populate(uint64_t gfn, uint32_t vcpu);

/* --- fake_access.c --- */

/* Does an access of a vCPU. */
void access_page(uint32_t gfn, bool write);

/* --- fake_vm_event.c: the ring and the channel. --- */

void ring_reset(void);
int ring_enable(uint32_t *port);
int ring_disable(void);
bool ring_is_enabled(void);
bool ring_has_slot(void);
void ring_put_request(vm_event_request_t *request, uint32_t vcpu);
void ring_resume(void);

/* --- fake_xen_libs.c --- */

void fake_libs_reset(void);
void fake_libs_reset_handles(void);
void fake_libs_assert_closed(void);

/* --- fake_vcpu.c --- */

void vcpus_reset(void);
void vcpu_want(uint32_t vcpu, uint32_t gfn);
void vcpu_pause(uint32_t vcpu);   /* for an event */
void vcpu_unpause(uint32_t vcpu); /* by a response */
bool vcpu_is_paused(uint32_t vcpu);
void vcpu_block(uint32_t vcpu); /* because the ring is rather full */
void vcpus_unblock(void);
void vcpus_release(void); /* from what they wait for, to ask again */

/* Lets all vCPUs go on that can. */
void vcpus_run(void);

#endif
