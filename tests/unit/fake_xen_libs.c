/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of libxenctrl and its sisters that xen_ops.c calls, over the fake hypervisor. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xencall.h>
#include <xendevicemodel.h>
#include <xenforeignmemory.h>
#include <xentoollog.h>
#include <xen/domctl.h>
#include <xen/hvm/params.h>

#include "failing.h"
#include "page.h"
#include "xen_paging_batch.h"

static int nr_open;
static int nr_pauses;

static void *open_handle(void)
{
    static char handle;

    if (fail_this(EACCES))
        return NULL;
    nr_open++;
    return &handle;
}

static int close_handle(const void *handle)
{
    assert_non_null(handle);
    nr_open--;
    return 0;
}

void fake_libs_reset_handles(void)
{
    nr_open = 0;
}

void fake_libs_reset(void)
{
    nr_open = 0;
    nr_pauses = 0;
}

void fake_libs_assert_closed(void)
{
    assert_int_equal(nr_open, 0);
}

/* The libraries' way to tell of errors. */
static int result(int rc)
{
    if (rc >= 0)
        return rc;
    errno = -rc;
    return -1;
}

/* --- Opening and closing. --- */

xentoollog_logger_stdiostream *xtl_createlogger_stdiostream(FILE *file, xentoollog_level level,
                                                            unsigned flags)
{
    (void)file, (void)level, (void)flags;
    return open_handle();
}

void xtl_logger_destroy(struct xentoollog_logger *logger)
{
    close_handle(logger);
}

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
                                unsigned flags)
{
    (void)logger, (void)dombuild_logger, (void)flags;
    return open_handle();
}

int xc_interface_close(xc_interface *xc)
{
    return close_handle(xc);
}

xencall_handle *xencall_open(struct xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return open_handle();
}

int xencall_close(xencall_handle *call)
{
    return close_handle(call);
}

xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return open_handle();
}

int xenforeignmemory_close(xenforeignmemory_handle *memory)
{
    return close_handle(memory);
}

xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    return open_handle();
}

int xendevicemodel_close(xendevicemodel_handle *device_model)
{
    return close_handle(device_model);
}

void *xencall_alloc_buffer(xencall_handle *call, size_t size)
{
    (void)call;
    if (fail_this(ENOMEM))
        return NULL;
    nr_open++;
    return unfailing_calloc(1, size);
}

void xencall_free_buffer(xencall_handle *call, void *buffer)
{
    (void)call;
    nr_open--;
    unfailing_free(buffer);
}

void *xencall_alloc_buffer_pages(xencall_handle *call, size_t nr)
{
    (void)call;
    if (fail_this(ENOMEM))
        return NULL;
    nr_open++;
    return unfailing_mmap(-1, 0, nr * PAGE_BYTES, PROT_READ | PROT_WRITE, NULL);
}

void xencall_free_buffer_pages(xencall_handle *call, void *buffer, size_t nr)
{
    (void)call;
    nr_open--;
    unfailing_munmap(buffer, nr * PAGE_BYTES);
}

/* --- The domain. --- */

static uint32_t flags_of_domain(void)
{
    return (fake_xen.pv ? 0u : XEN_DOMINF_hvm_guest) | (fake_xen.no_hap ? 0u : XEN_DOMINF_hap) |
           (fake_xen.dying ? XEN_DOMINF_dying : 0u) | (nr_pauses > 0 ? XEN_DOMINF_paused : 0u);
}

/* Answers for the next domain if the first one is gone, as the real one does. */
int xc_domain_getinfolist(xc_interface *xc, uint32_t first, unsigned int max, xc_domaininfo_t *info)
{
    (void)xc, (void)max;
    assert_int_equal(first, FAKE_DOMID);
    memset(info, 0, sizeof(*info));
    info->domain = FAKE_DOMID + 1;
    if (fake_xen.gone)
        return 1;
    if (call_fails(CALL_DOMAIN_INFO, 0))
        return -1;
    info->domain = FAKE_DOMID;
    info->flags = flags_of_domain();
    info->tot_pages = fake_xen_resident();
    info->paged_pages = fake_xen_nr_paged();
    memset(info->handle, fake_xen.uuid, sizeof(info->handle));
    info->max_vcpu_id = FAKE_VCPUS - 1;
    return 1;
}

int xc_domain_maximum_gpfn(xc_interface *xc, uint32_t domid, xen_pfn_t *gfn)
{
    (void)xc, (void)domid;
    *gfn = fake_xen_nr_gfns() - 1 - fake_xen.hidden_gfns;
    return call_fails(CALL_MAX_GPFN, 0) ? -1 : 0;
}

int xc_physinfo(xc_interface *xc, xc_physinfo_t *info)
{
    (void)xc;
    if (call_fails(CALL_PHYSINFO, 0))
        return -1;
    info->free_pages = fake_xen.free_host_pages;
    return 0;
}

int xc_domain_pause(xc_interface *xc, uint32_t domid)
{
    (void)xc, (void)domid;
    if (call_fails(CALL_PAUSE, 0))
        return -1;
    nr_pauses++;
    return 0;
}

int xc_domain_unpause(xc_interface *xc, uint32_t domid)
{
    (void)xc, (void)domid;
    if (call_fails(CALL_UNPAUSE, 0))
        return -1;
    if (--nr_pauses < 0)
        complain("the domain is unpaused more often than paused");
    vcpus_run();
    return 0;
}

bool fake_xen_is_paused(void)
{
    return nr_pauses > 0;
}

int xc_hvm_param_get(xc_interface *xc, uint32_t domid, uint32_t param, uint64_t *value)
{
    (void)xc, (void)domid;
    assert_int_equal(param, HVM_PARAM_PAGING_RING_PFN);
    *value = UINT64_C(0xdeadbeef); /* nothing to rely on after a failure */
    if (call_fails(CALL_HVM_PARAM, 0))
        return -1;
    *value = p2m_ring_gfn();
    return 0;
}

int xencall1(xencall_handle *call, unsigned int op, uint64_t arg)
{
    struct xen_domctl *domctl = (struct xen_domctl *)(uintptr_t)arg;
    uint64_t *gfns;

    (void)call;
    assert_int_equal(op, __HYPERVISOR_domctl);
    assert_int_equal(domctl->cmd, XEN_DOMCTL_getpageframeinfo3);
    assert_int_equal(domctl->interface_version, XEN_DOMCTL_INTERFACE_VERSION);
    assert_int_equal(domctl->domain, FAKE_DOMID);
    if (call_fails(CALL_FRAME_INFO, 0))
        return -1;
    if (domctl->u.getpageframeinfo3.num > 1024)
        return result(-E2BIG);
    gfns = domctl->u.getpageframeinfo3.array.p;
    for (uint64_t i = 0; i < domctl->u.getpageframeinfo3.num; i++)
        gfns[i] = p2m_looks_like_a_hole(gfns[i]) ? XEN_DOMCTL_PFINFO_XTAB : XEN_DOMCTL_PFINFO_NOTAB;
    return 0;
}

/* --- Paging. --- */

int xc_mem_paging_enable(xc_interface *xc, uint32_t domid, uint32_t *port)
{
    (void)xc, (void)domid;
    return call_fails(CALL_ENABLE, 0) ? -1 : result(ring_enable(port));
}

int xc_mem_paging_disable(xc_interface *xc, uint32_t domid)
{
    (void)xc, (void)domid;
    return call_fails(CALL_DISABLE, 0) ? -1 : result(ring_disable());
}

int xc_mem_paging_resume(xc_interface *xc, uint32_t domid)
{
    (void)xc, (void)domid;
    if (call_fails(CALL_NOTIFY, 0))
        return -1;
    ring_resume();
    return 0;
}

/* mem_paging_memop() looks for the ring first. */
static int memop(enum fake_call call, uint64_t gfn, int (*op)(uint64_t gfn))
{
    int rc;

    if (call_fails(call, gfn))
        return -errno;
    rc = ring_is_enabled() ? op(gfn) : -ENODEV;
    vcpus_run();
    return rc;
}

static int prepare_without_page(uint64_t gfn)
{
    return p2m_prepare(gfn, NULL);
}

int xc_mem_paging_prep(xc_interface *xc, uint32_t domid, uint64_t gfn)
{
    (void)xc, (void)domid;
    return result(memop(CALL_PREP, gfn, prepare_without_page));
}

int xendevicemodel_set_mem_type(xendevicemodel_handle *device_model, domid_t domid,
                                hvmmem_type_t type, uint64_t first, uint32_t nr)
{
    (void)device_model, (void)domid;
    assert_int_equal(type, HVMMEM_ram_rw);
    assert_int_equal(nr, 1);
    return call_fails(CALL_SET_MEM_TYPE, first) ? -1 : result(p2m_set_mem_type(first));
}

/* --- Paging in batches. --- */

static int batch_entry(const struct xen_mem_paging_batch_entry *entry)
{
    static const enum fake_call calls[] = {CALL_NOMINATE, CALL_EVICT, CALL_LOAD,
                                           CALL_CANCEL,   CALL_QUERY, CALL_INVALIDATE};

    if (entry->op > XENMEM_paging_batch_invalidate)
        return -EOPNOTSUPP;
    if (call_fails(calls[entry->op], entry->gfn))
        return -errno;
    switch (entry->op) {
    case XENMEM_paging_batch_nominate:
        return p2m_nominate(entry->gfn, entry->buffer.p);
    case XENMEM_paging_batch_evict:
        return p2m_evict(entry->gfn);
    case XENMEM_paging_batch_prep:
        return p2m_prepare(entry->gfn, entry->buffer.p);
    case XENMEM_paging_batch_cancel:
        return p2m_cancel(entry->gfn);
    case XENMEM_paging_batch_query:
        return p2m_query(entry->gfn);
    default:
        return 0;
    }
}

/* One that breaks off has processed half of the entries, and one more without telling of it. */
static int batch(struct xen_mem_paging_batch_entry *entries, uint64_t nr)
{
    bool fails = call_fails(CALL_BATCH, nr ? entries[0].gfn : 0);
    int error = errno;
    uint64_t end = fails ? nr / 2 : nr;

    if (fake_xen.gone)
        return -ESRCH;
    for (uint64_t i = 0; i < end; i++) {
        entries[i].rc = batch_entry(&entries[i]);
        vcpus_run();
    }
    if (!fails)
        return nr ? 0 : (int)fake_xen.features;
    if (nr)
        batch_entry(&entries[end]);
    return -error;
}

static int load(const xen_mem_paging_op_t *op)
{
    int rc;

    if (!op->buffer.p)
        return memop(CALL_PREP, op->gfn, prepare_without_page);
    if (call_fails(CALL_LOAD, op->gfn))
        return -errno;
    rc = ring_is_enabled() ? p2m_prepare(op->gfn, op->buffer.p) : -ENODEV;
    vcpus_run();
    return rc;
}

static int paging_op(const xen_mem_paging_op_t *op)
{
    assert_int_equal(op->domain, FAKE_DOMID);
    if (op->op == XENMEM_paging_op_prep)
        return load(op);
    if (op->op == XENMEM_paging_op_nominate)
        return memop(CALL_NOMINATE, op->gfn, p2m_old_nominate);
    if (op->op == XENMEM_paging_op_evict)
        return memop(CALL_EVICT, op->gfn, p2m_old_evict);
    assert_int_equal(op->op, XENMEM_paging_op_batch);
    if (!ring_is_enabled())
        return -ENODEV;
    if (!has_feature(XENMEM_paging_feature_batch))
        return -ENOSYS;
    if (op->gfn > XENMEM_PAGING_BATCH_MAX)
        return -E2BIG;
    return batch((struct xen_mem_paging_batch_entry *)(uintptr_t)op->buffer.p, op->gfn);
}

static int memory_op(uint64_t cmd, uint64_t arg)
{
    assert_int_equal(cmd, XENMEM_paging_op);
    return paging_op((const xen_mem_paging_op_t *)(uintptr_t)arg);
}

/* One that breaks off has made half of the calls, and one more without telling of it. */
static int multicall(multicall_entry_t *calls, uint64_t nr)
{
    bool fails = call_fails(CALL_MULTICALL, 0);
    int error = errno;
    uint64_t end = fails ? nr / 2 : nr;

    for (uint64_t i = 0; i < end + fails; i++) {
        int rc;

        assert_int_equal(calls[i].op, __HYPERVISOR_memory_op);
        rc = fake_xen.gone ? -ESRCH : memory_op(calls[i].args[0], calls[i].args[1]);
        if (i < end)
            calls[i].result = (xen_ulong_t)(long)rc;
    }
    return fails ? -error : 0;
}

int xencall2(xencall_handle *call, unsigned int op, uint64_t first, uint64_t second)
{
    (void)call;
    if (op == __HYPERVISOR_multicall)
        return result(multicall((multicall_entry_t *)(uintptr_t)first, second));
    assert_int_equal(op, __HYPERVISOR_memory_op);
    return result(memory_op(first, second));
}

/* --- Memory. --- */

int xc_domain_populate_physmap_exact(xc_interface *xc, uint32_t domid, unsigned long nr,
                                     unsigned int order, unsigned int flags, xen_pfn_t *gfns)
{
    (void)xc, (void)domid, (void)flags;
    assert_true(nr == 1 && order == 0);
    return call_fails(CALL_POPULATE, gfns[0]) ? -1 : result(p2m_add_frame(gfns[0]));
}

int xc_domain_decrease_reservation_exact(xc_interface *xc, uint32_t domid, unsigned long nr,
                                         unsigned int order, xen_pfn_t *gfns)
{
    (void)xc, (void)domid;
    assert_true(nr == 1 && order == 0);
    return call_fails(CALL_DECREASE, gfns[0]) ? -1 : result(p2m_remove(gfns[0]) ? -EINVAL : 0);
}

void *xenforeignmemory_map(xenforeignmemory_handle *memory, uint32_t domid, int protection,
                           size_t nr, const xen_pfn_t gfns[], int errors[])
{
    (void)memory, (void)domid;
    return call_fails(CALL_MAP, gfns[0]) ? NULL : frames_map(gfns, nr, protection, errors);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *memory, void *at, size_t nr)
{
    (void)memory;
    frames_unmap(at, nr);
    return 0;
}
