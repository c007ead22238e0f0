/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of steps share. */
#ifndef P2M_STEPS_H
#define P2M_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "xen.h"

/* Of all bytes of the page in the beginning, and of what is written to it. */
#define STEP_OLD 0x5a
#define STEP_NEW 0x77
#define STEP_LONGEST_MS 20000

struct step {
    const char *word;
    const char *(*take)(void);
};

/* Each ends with a step without a word. */
extern const struct step page_steps[];
extern const struct step batch_steps[];
extern const struct step ring_steps[];
extern const struct step guest_steps[];

/* Of the row. */
struct steps {
    uint64_t gfn, code;
    uint8_t *mapped;                             /* by dom0, or NULL */
    bool guest_runs, no_ring, device, log_dirty; /* to be undone */
    char requests[200];                          /* those that were taken, in words */
    unsigned int nr_others;                      /* and for other pages */
    uint8_t page[PAGE_BYTES];                    /* what is loaded */
};
extern struct steps steps;

/* A word for what a hypercall has returned, and for what is in a page. */
const char *step_outcome(int rc);
const char *step_value(uint32_t word);

/* Takes the oldest request from the ring and answers it as a pager does; "none" if there is none.
 */
const char *step_answer(void);

/* For steps_end(). */
void step_unmap(void);
void step_attach_again(void);
void step_forget_rings(void);
void step_end_guest(void);

#endif
