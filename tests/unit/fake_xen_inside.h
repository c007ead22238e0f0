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

/* The first thing that went wrong stays. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A hypercall begins: true, with errno set, if it has to fail. */
bool call_fails(enum fake_call call, uint64_t gfn);

/* --- fake_xen.c: memory. Functions return 0 or a negative errno, as Xen's do. --- */

bool has_feature(uint32_t feature);

int p2m_nominate(uint64_t gfn);
int p2m_nominate_and_copy(uint64_t gfn, void *copy); /* and the others of the batch operation */
int p2m_evict_nominated(uint64_t gfn);
int p2m_cancel(uint64_t gfn);
int p2m_query(uint64_t gfn);
int p2m_evict(uint64_t gfn);
int p2m_prepare(uint64_t gfn, const void *page);
int p2m_set_mem_type(uint64_t gfn);
int p2m_add_frame(uint64_t gfn);
int p2m_remove(uint64_t gfn);
void p2m_resume(const vm_event_response_t *response);
bool p2m_has_frame(uint64_t gfn);
uint64_t p2m_ring_gfn(void);

/* Maps gfns; errors[] gets a negative errno for each that has no frame. */
void *frames_map(const xen_pfn_t *gfns, size_t nr, int protection, int *errors);
void frames_unmap(void *at, size_t nr);

/* The daemon's and the ring's references. */
void *frame_take(uint64_t gfn, uint32_t *frame);
void frame_put(uint32_t frame);

/* Reports a gfn of a paging type. Returns false if vcpu has to wait for a slot first. */
bool p2m_populate(uint64_t gfn, uint32_t vcpu);

/* Does an access of a vCPU if it can be done now. */
bool p2m_access(uint32_t gfn, bool write);

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
void fake_libs_assert_closed(void);

/* --- fake_vcpu.c --- */

void vcpus_reset(void);
void vcpu_want(uint32_t vcpu, uint32_t gfn);
void vcpu_pause(uint32_t vcpu);   /* for an event */
void vcpu_unpause(uint32_t vcpu); /* by a response */
bool vcpu_is_paused(uint32_t vcpu);
void vcpu_block(uint32_t vcpu); /* because the ring is rather full */
void vcpus_unblock(void);

/* Lets all vCPUs go on that can. */
void vcpus_run(void);

#endif
