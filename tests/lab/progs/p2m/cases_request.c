/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and responses.
 */
#include "cases.h"

#include <errno.h>

#include "bare.h"
#include "pager.h"
#include "report.h"
#include "xen.h"

/* Nobody is paused for a foreign request, and its response must still bring the page back. */
static const char *foreign_resume(uint64_t gfn)
{
    int rc;

    must("nominate", xen_nominate(gfn));
    xen_set_type(gfn, HVMMEM_ram_rw);
    pager_serve();
    rc = xen_set_type(gfn, HVMMEM_ram_rw);
    pager_serve();
    xen_cancel(gfn);
    return rc == 0 ? NULL : "the page is not back after the response";
}

#define SPINNING_NS 500000000 /* without a pause a vCPU gets there, with one it never does */
#define SPINNING_MS 300 /* of turns with us: a host can hold up all of the machine for longer */
#define LONGEST_MS 20000

/* Until the guest asks or has used that much time of a processor for nothing. */
static bool asks_or_spins(uint64_t start_ns)
{
    for (int waited = 0; waited < LONGEST_MS; waited += 10) {
        if (pager_waiting())
            return true;
        if (waited >= SPINNING_MS && xen_counts().cpu_ns - start_ns > SPINNING_NS)
            return false;
        pager_rung(10); /* perhaps late, and for the request that is lost */
    }
    inconclusive("the guest neither asks nor runs");
}

/* The first request, of dom0, is lost as when a pager dies with it. */
static const char *spin(uint64_t gfn)
{
    const uint64_t paged = gfn + BARE_GFNS;
    vm_event_request_t lost;
    uint32_t result;
    bool asked;

    xen_fill(paged, 0x5a);
    must("page out", pager_out(paged));
    pager_ask_foreign(paged, 1);
    while (pager_take(&lost))
        remark("this request is lost");
    while (pager_rung(0))
        ;
    bare_run(gfn, &bare_reader, (struct bare_registers){.esi = (uint32_t)(paged * PAGE_BYTES)});
    asked = asks_or_spins(xen_counts().cpu_ns);
    if (!pager_serve())
        must("load", pager_in(paged));
    bare_finish(gfn, LONGEST_MS, &result);
    if (result != 0x5a5a5a5a)
        inconclusive("the guest did not read the page: %x", result);
    return asked ? NULL : "the vCPU spins and sends no request";
}

/* The pager dies while a vCPU waits for it; another takes over what is out. */
static const char *reattach(uint64_t gfn)
{
    const uint64_t paged = gfn + BARE_GFNS;
    uint32_t result;

    xen_fill(paged, 0x5a);
    must("page out", pager_out(paged));
    bare_run(gfn, &bare_reader, (struct bare_registers){.esi = (uint32_t)(paged * PAGE_BYTES)});
    while (!pager_waiting())
        bare_wait(gfn, LONGEST_MS);
    pager_die();
    if (pager_attach())
        return "no other pager can take the place of a dead one";
    bare_finish(gfn, LONGEST_MS, &result);
    return result == 0x5a5a5a5a ? NULL : "the guest read something else";
}

const struct p2m_case request_cases[] = {
    {"foreign-resume", "the answer to a request for which nobody was paused", foreign_resume},
    {"spin", "a vCPU needs a page whose first request was lost", spin},
    {"reattach", "a pager dies with a request; on a stock Xen the guest is lost after this",
     reattach},
    {0}};
