/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxenctrl.so.4.17, as far as pagers use it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define XC_WANT_COMPAT_MAP_FOREIGN_API
#include <xenctrl.h>
#include <xen/hvm/params.h>

#include "client.h"

static struct sim_handle *handle_of(xc_interface *xc)
{
    return (struct sim_handle *)xc;
}

static int simple(xc_interface *xc, enum sim_op op, uint32_t domid, uint64_t gfn)
{
    return sim_simple(handle_of(xc), op, domid, gfn) < 0 ? -1 : 0;
}

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
                                unsigned flags)
{
    (void)logger, (void)dombuild_logger, (void)flags;
    return (xc_interface *)sim_open();
}

int xc_interface_close(xc_interface *xc)
{
    sim_close(handle_of(xc));
    return 0;
}

/* --- The domain. --- */

int xc_domain_getinfolist(xc_interface *xc, uint32_t first, unsigned int max, xc_domaininfo_t *info)
{
    struct sim_request request = {.op = SIM_DOMAIN_INFO, .domid = first};
    struct sim_domain_info from;
    int64_t nr;

    (void)max; /* pagers ask for one */
    nr = sim_call(handle_of(xc), request, NULL, &from, sizeof(from));
    if (nr <= 0)
        return (int)nr;
    *info = (xc_domaininfo_t){
        .domain = (domid_t)from.domid,
        .flags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap | (from.dying ? XEN_DOMINF_dying : 0u) |
                 (from.paused ? XEN_DOMINF_paused : 0u),
        .tot_pages = from.tot_pages,
        .max_pages = from.max_pages,
        .paged_pages = from.paged_pages,
        .max_vcpu_id = from.max_vcpu_id,
        .cpu_time = from.cpu_ns,
    };
    memcpy(info->handle, from.uuid, sizeof(info->handle));
    return 1;
}

int xc_domain_maximum_gpfn(xc_interface *xc, uint32_t domid, xen_pfn_t *gfn)
{
    int64_t rc = sim_simple(handle_of(xc), SIM_MAX_GPFN, domid, 0);

    *gfn = (xen_pfn_t)rc;
    return rc < 0 ? -1 : 0;
}

int xc_physinfo(xc_interface *xc, xc_physinfo_t *info)
{
    int64_t rc = sim_simple(handle_of(xc), SIM_FREE_PAGES, 0, 0);

    info->free_pages = (uint64_t)rc;
    return rc < 0 ? -1 : 0;
}

int xc_domain_pause(xc_interface *xc, uint32_t domid)
{
    return simple(xc, SIM_PAUSE, domid, 0);
}

int xc_domain_unpause(xc_interface *xc, uint32_t domid)
{
    return simple(xc, SIM_UNPAUSE, domid, 0);
}

/* After a failure there is nothing in *value to rely on, as with the real one. */
int xc_hvm_param_get(xc_interface *xc, uint32_t domid, uint32_t param, uint64_t *value)
{
    if (param != HVM_PARAM_PAGING_RING_PFN) {
        errno = EINVAL;
        return -1;
    }
    *value = (uint64_t)sim_simple(handle_of(xc), SIM_RING_GFN, domid, 0);
    return (int64_t)*value < 0 ? -1 : 0;
}

int xc_get_hvm_param(xc_interface *xc, uint32_t domid, int param, unsigned long *value)
{
    return xc_hvm_param_get(xc, domid, (uint32_t)param, value);
}

/* Of vCPU 0 only, and no more than bare guests need. */
int xc_vcpu_getcontext(xc_interface *xc, uint32_t domid, uint32_t vcpu,
                       vcpu_guest_context_any_t *context)
{
    (void)xc, (void)domid, (void)vcpu;
    memset(context, 0, sizeof(*context));
    return 0;
}

int xc_vcpu_setcontext(xc_interface *xc, uint32_t domid, uint32_t vcpu,
                       vcpu_guest_context_any_t *context)
{
    const cpu_user_regs_x86_64_t *user = &context->x64.user_regs;
    struct sim_registers registers = {.eip = (uint32_t)user->rip,
                                      .eax = (uint32_t)user->rax,
                                      .ebx = (uint32_t)user->rbx,
                                      .esi = (uint32_t)user->rsi,
                                      .edi = (uint32_t)user->rdi,
                                      .esp = (uint32_t)user->rsp};
    struct sim_request request = {
        .op = SIM_SET_VCPU, .domid = domid, .arg = vcpu, .payload_bytes = sizeof(registers)};

    return (int)sim_call(handle_of(xc), request, &registers, NULL, 0);
}

int xc_shadow_control(xc_interface *xc, uint32_t domid, unsigned int op, unsigned int *mb,
                      unsigned int mode)
{
    (void)op, (void)mb, (void)mode;
    return simple(xc, SIM_LOG_DIRTY, domid, 0);
}

/* --- Paging. --- */

int xc_mem_paging_enable(xc_interface *xc, uint32_t domid, uint32_t *port)
{
    int64_t rc = sim_simple(handle_of(xc), SIM_ENABLE, domid, 0);

    *port = (uint32_t)rc;
    return rc < 0 ? -1 : 0;
}

int xc_mem_paging_disable(xc_interface *xc, uint32_t domid)
{
    return simple(xc, SIM_DISABLE, domid, 0);
}

int xc_mem_paging_resume(xc_interface *xc, uint32_t domid)
{
    return simple(xc, SIM_RESUME, domid, 0);
}

int xc_mem_paging_nominate(xc_interface *xc, uint32_t domid, uint64_t gfn)
{
    return simple(xc, SIM_NOMINATE, domid, gfn);
}

int xc_mem_paging_evict(xc_interface *xc, uint32_t domid, uint64_t gfn)
{
    return simple(xc, SIM_EVICT, domid, gfn);
}

int xc_mem_paging_prep(xc_interface *xc, uint32_t domid, uint64_t gfn)
{
    return simple(xc, SIM_PREP, domid, gfn);
}

int xc_mem_paging_load(xc_interface *xc, uint32_t domid, uint64_t gfn, void *page)
{
    struct sim_request request = {
        .op = SIM_PREP, .domid = domid, .gfn = gfn, .payload_bytes = XC_PAGE_SIZE};

    return sim_call(handle_of(xc), request, page, NULL, 0) < 0 ? -1 : 0;
}

/* --- Memory. --- */

/* The ring's page is all that pagers do this with. */
static int for_one(xc_interface *xc, enum sim_op op, uint32_t domid, unsigned long nr,
                   unsigned int order, const xen_pfn_t *gfns)
{
    if (nr != 1 || order) {
        errno = EINVAL;
        return -1;
    }
    return simple(xc, op, domid, gfns[0]);
}

int xc_domain_populate_physmap_exact(xc_interface *xc, uint32_t domid, unsigned long nr,
                                     unsigned int order, unsigned int flags, xen_pfn_t *gfns)
{
    (void)flags;
    return for_one(xc, SIM_POPULATE, domid, nr, order, gfns);
}

int xc_domain_decrease_reservation_exact(xc_interface *xc, uint32_t domid, unsigned long nr,
                                         unsigned int order, xen_pfn_t *gfns)
{
    return for_one(xc, SIM_DECREASE, domid, nr, order, gfns);
}

/* How many of them it could do. */
int xc_domain_decrease_reservation(xc_interface *xc, uint32_t domid, unsigned long nr,
                                   unsigned int order, xen_pfn_t *gfns)
{
    return for_one(xc, SIM_DECREASE, domid, nr, order, gfns) < 0 ? 0 : 1;
}

int xc_domain_iomem_permission(xc_interface *xc, uint32_t domid, unsigned long first,
                               unsigned long nr, uint8_t allow)
{
    (void)xc, (void)domid, (void)first, (void)nr, (void)allow;
    return 0;
}

/* As the real library, which undoes what may be half done, and so hides the error. */
int xc_domain_memory_mapping(xc_interface *xc, uint32_t domid, unsigned long gfn,
                             unsigned long frame, unsigned long nr, uint32_t add)
{
    struct sim_request request = {
        .op = SIM_DEVICE, .domid = domid, .gfn = gfn, .arg = add == DPCI_ADD_MAPPING};

    (void)frame, (void)nr;
    if (sim_call(handle_of(xc), request, NULL, NULL, 0) >= 0)
        return 0;
    if (add == DPCI_ADD_MAPPING)
        xc_domain_memory_mapping(xc, domid, gfn, frame, nr, DPCI_REMOVE_MAPPING);
    return -1;
}

/* All or nothing, and undone with munmap(). */
void *xc_map_foreign_pages(xc_interface *xc, uint32_t domid, int protection, const xen_pfn_t *gfns,
                           int nr)
{
    int errors[nr];
    void *at = sim_map(handle_of(xc), domid, protection, (size_t)nr, gfns, errors);

    for (int i = 0; at && i < nr; i++) {
        if (errors[i]) {
            sim_unmap(at);
            errno = -errors[i];
            return NULL;
        }
    }
    return at;
}

/* For Xen the unmapping of a frame is the end of a reference; here it has to be told. */
int munmap(void *at, size_t bytes)
{
    if (!sim_unmap(at))
        return 0;
    return (int)syscall(SYS_munmap, at, bytes);
}
