/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and responses in the form that Xen has them. No I/O: this is what hostile ring
 * contents meet first.
 */
#ifndef XENPAGING2_VM_EVENT_CODEC_H
#define XENPAGING2_VM_EVENT_CODEC_H

#include <stdint.h> /* xen/vm_event.h needs it first */

#include <xenctrl.h>
#include <xen/vm_event.h>

#include "mem_event_ring.h"

/* Prepares a ring page of PAGE_BYTES bytes and our view of it. */
void vm_event_ring_init(vm_event_back_ring_t *back, void *page);

/*
 * Takes the next request out. Returns 1 if there was one, 0 if the ring is empty, -EPROTO if the
 * producer index cannot be right.
 */
int vm_event_ring_take(vm_event_back_ring_t *back, vm_event_request_t *request);

/* True if requests are there; else Xen is going to notify us of the next one. */
bool vm_event_ring_more(vm_event_back_ring_t *back);

/* Puts a response in and makes it visible to Xen. There must be an unanswered request. */
void vm_event_ring_put(vm_event_back_ring_t *back, const vm_event_response_t *response);

/*
 * The same for a response that nobody asked for, for a ring that is thrown away afterwards: Xen
 * takes it for one of its slots more that is free.
 */
void vm_event_ring_put_unasked(vm_event_back_ring_t *back, const vm_event_response_t *response);

/* Returns 0, or -EPROTO if it is not a paging request of the version that we know. */
int vm_event_decode(const vm_event_request_t *request, struct mem_event *event);

/* The complete response to an event; all that is not said is zero. */
void vm_event_encode(const struct mem_event *event, vm_event_response_t *response);

#endif
