/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bare.h"

#include <errno.h>
#include <string.h>

#include "pager.h"
#include "report.h"
#include "xen.h"

#include <xen/memory.h>

#define ROUTINE(name) extern const uint8_t bare_##name[], bare_##name##_end[];
ROUTINE(read)
ROUTINE(write)
ROUTINE(push)
ROUTINE(hypercall)

const struct bare_code bare_reader = {bare_read, bare_read_end};
const struct bare_code bare_writer = {bare_write, bare_write_end};
const struct bare_code bare_pusher = {bare_push, bare_push_end};
const struct bare_code bare_caller = {bare_hypercall, bare_hypercall_end};

enum { CODE, RESULT, STACK, HYPERCALL_PAGE };

/* An entry of the hypercall page is of 32 bytes. */
#define MEMORY_OP_ENTRY (32 * __HYPERVISOR_memory_op)

static uint32_t address(uint64_t gfn)
{
    return (uint32_t)(gfn * PAGE_BYTES);
}

static void write_code(uint64_t gfn, const struct bare_code *code)
{
    int error;
    uint8_t *page = xen_map(gfn, PROT_READ | PROT_WRITE, &error);

    must("mapping the code's page", error);
    memcpy(page, code->begin, (size_t)(code->end - code->begin));
    xen_unmap(page);
}

void bare_run(uint64_t gfn, const struct bare_code *code, struct bare_registers registers)
{
    vcpu_guest_context_any_t context;
    cpu_user_regs_x86_64_t *user = &context.x64.user_regs;

    write_code(gfn + CODE, code);
    xen_fill(gfn + RESULT, 0);
    must("the vCPU's state", xc_vcpu_getcontext(xen_xc, xen_domid, 0, &context) ? -errno : 0);
    user->rip = address(gfn + CODE);
    user->rax = address(gfn + HYPERCALL_PAGE);
    user->rbp = address(gfn + HYPERCALL_PAGE) + MEMORY_OP_ENTRY;
    user->rbx = registers.ebx;
    user->rsi = registers.esi;
    user->rdi = address(gfn + RESULT);
    user->rsp = registers.esp ? registers.esp : address(gfn + STACK + 1);
    context.x64.flags |= VGCF_online;
    must("the vCPU's state", xc_vcpu_setcontext(xen_xc, xen_domid, 0, &context) ? -errno : 0);
    remark("the guest runs");
    xen_unpause();
}

bool bare_done(uint64_t gfn, uint32_t *result)
{
    uint32_t page[PAGE_BYTES / sizeof(uint32_t)];

    xen_read(gfn + RESULT, page);
    *result = page[0];
    return page[1];
}

void bare_wait(uint64_t gfn, int ms)
{
    uint32_t result;

    for (int waited = 0; waited < ms; waited += 10)
        if (pager_waiting() || bare_done(gfn, &result) || pager_rung(10))
            return;
    inconclusive("the guest did nothing in %d ms", ms);
}

unsigned int bare_finish(uint64_t gfn, int ms, uint32_t *result)
{
    unsigned int requests = 0;

    do {
        bare_wait(gfn, ms);
        requests += pager_serve();
    } while (!bare_done(gfn, result));
    bare_stop();
    return requests;
}

void bare_stop(void)
{
    xen_pause();
    remark("the guest is paused");
}
