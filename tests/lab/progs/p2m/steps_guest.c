/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest does: a few instructions, see bare.h. */
#include "steps.h"

#include "bare.h"
#include "pager.h"
#include "xen.h"

#define SLEEPING_MS 2000       /* a guest that does nothing at all for so long */
#define SPINNING_NS 500000000u /* without a pause a vCPU gets there, with one it never does */
#define SPINNING_MS 300 /* of turns with us: a host can hold up all of the machine for longer */

/* What the guest comes to: the word it has read or written, or why it does not. */
static const char *guest_ends(void)
{
    uint64_t start_ns = xen_counts().cpu_ns;
    uint32_t word;

    for (int waited = 0; waited < SLEEPING_MS; waited += 10) {
        if (pager_vcpus_waiting())
            return "asks";
        if (bare_done(steps.code, &word))
            return step_value(word);
        if (waited >= SPINNING_MS && xen_counts().cpu_ns - start_ns > SPINNING_NS)
            return "spins";
        pager_rung(10);
    }
    return "sleeps";
}

static const char *run_guest(const struct bare_code *code, struct bare_registers registers)
{
    bare_run(steps.code, code, registers);
    steps.guest_runs = true;
    return guest_ends();
}

static uint32_t address_of_last_word(void)
{
    return (uint32_t)((steps.gfn + 1) * PAGE_BYTES - sizeof(uint32_t));
}

static const char *guest_reads(void)
{
    return run_guest(&bare_reader, (struct bare_registers){.esi = address_of_last_word()});
}

static const char *guest_writes(void)
{
    return run_guest(&bare_writer, (struct bare_registers){.esi = address_of_last_word(),
                                                           .ebx = STEP_NEW * 0x01010101u});
}

/* The instruction is emulated by Xen; the guest has no page tables. */
static const char *guest_pushes(void)
{
    uint32_t top = address_of_last_word() + sizeof(uint32_t);

    return run_guest(&bare_pusher, (struct bare_registers){.esp = top});
}

void step_end_guest(void)
{
    uint32_t word;

    bare_finish(steps.code, STEP_LONGEST_MS, &word);
    steps.guest_runs = false;
}

const struct step guest_steps[] = {{"guest-reads", guest_reads},
                                   {"guest-writes", guest_writes},
                                   {"guest-pushes", guest_pushes},
                                   {"guest-ends", guest_ends},
                                   {0}};
