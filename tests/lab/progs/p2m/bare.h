/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest of a few instructions: a paused PVH guest that never ran is in 32-bit mode without page
 * tables, and whatever is written to its memory is its program.
 */
#ifndef P2M_BARE_H
#define P2M_BARE_H

#include <stdbool.h>
#include <stdint.h>

#define BARE_GFNS 4 /* code, result, stack, hypercall page */

struct bare_code {
    const uint8_t *begin, *end;
};

/* The routines of bare_code.S. */
extern const struct bare_code bare_reader, bare_writer, bare_pusher, bare_caller;

/* Start values; what is 0 gets a value that fits. */
struct bare_registers {
    uint32_t ebx, esi, esp;
};

/* Runs the code in the BARE_GFNS pages from GFN on, on the guest's only vCPU. */
void bare_run(uint64_t gfn, const struct bare_code *code, struct bare_registers registers);

/* Whether the code has come to its end, and with what. */
bool bare_done(uint64_t gfn, uint32_t *result);

/*
 * Waits until there is a request, the code is done or the event channel rings, which it also does
 * once when it is bound, and late; what takes longer than MS ends the program.
 */
void bare_wait(uint64_t gfn, int ms);

/*
 * Serves requests until the code is done, and pauses the guest; each may take MS. Returns their
 * number.
 */
unsigned int bare_finish(uint64_t gfn, int ms, uint32_t *result);

/* Pauses the guest. */
void bare_stop(void);

#endif
