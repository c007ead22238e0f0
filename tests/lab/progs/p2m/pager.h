/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest pager that keeps to the rules: a ring, a store in memory, a response for each
 * request. It serves when it is told to, so that a case decides what happens in between.
 */
#ifndef P2M_PAGER_H
#define P2M_PAGER_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xen/vm_event.h>

/* 0 or -errno, if Xen does not take it. */
int pager_attach(void);

/* Loads whatever is out, answers all, and ends paging; nothing if it is dead. */
void pager_detach(void);

/* What the kernel does for a process that is killed. Only the store stays, as on a disk. */
void pager_die(void);

/* Whether the event channel was rung within MS milliseconds, and not noticed before. */
bool pager_rung(int ms);

/* Where its ring was; after pager_attach() it is a hole. */
uint64_t pager_ring_gfn(void);

/* Requests in the ring that were not taken yet. */
unsigned int pager_waiting(void);

/* Those of them for which a vCPU is paused. */
unsigned int pager_vcpus_waiting(void);

/* Takes the oldest request without answering it; false if there is none. */
bool pager_take(vm_event_request_t *request);

/* Loads what the request asks for, if it is out, and answers. */
void pager_answer(const vm_event_request_t *request);

/* Answers, and loads nothing. */
void pager_respond(const vm_event_request_t *request);

/* Takes and answers all; how many. */
unsigned int pager_serve(void);

/* Nominates, copies into the store and evicts, in this order; -errno as from the first that fails.
 */
int pager_out(uint64_t gfn);

/* The same for COUNT gfns, a batch at a time and without reports; how many went out. */
unsigned long pager_out_all(uint64_t first, unsigned long count);

/* The contents of a page that a case evicts by other means, before it does; and if it did not. */
void pager_keep(uint64_t gfn, const void *page);
void pager_forget(uint64_t gfn);

/* Loads it from the store; or whatever is there. */
int pager_in(uint64_t gfn);
void pager_in_all(void);

/* Asks for COUNT pages that are out, from FIRST on, so that their requests are in the ring. */
void pager_ask_foreign(uint64_t first, unsigned int count);

#endif
