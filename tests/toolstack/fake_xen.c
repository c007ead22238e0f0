/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be preloaded: as much of libxenctrl as xl and libxl need to read a configuration, and to
 * handle the pager of domain 1, a PVH guest, of which $FAKE_PAGED pages are out.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

static char handle;

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
                                unsigned open_flags)
{
    (void)logger, (void)dombuild_logger, (void)open_flags;
    return (xc_interface *)&handle;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    (void)xch, (void)cmd, (void)arg;
    return 0;
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
    (void)xch;
    memset(info, 0, sizeof(*info));
    info->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap;
    return 0;
}

long xc_sharing_freed_pages(xc_interface *xch)
{
    (void)xch;
    return 0;
}

long xc_sharing_used_frames(xc_interface *xch)
{
    (void)xch;
    return 0;
}

int xc_get_max_cpus(xc_interface *xch)
{
    (void)xch;
    return 1;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first, unsigned int max,
                          xc_domaininfo_t *info)
{
    const char *paged = getenv("FAKE_PAGED");
    unsigned int n = 0;

    (void)xch;
    for (uint32_t domid = first; domid <= 1 && n < max; domid++, n++) {
        memset(&info[n], 0, sizeof(info[n]));
        info[n].domain = (domid_t)domid;
        info[n].flags = domid ? XEN_DOMINF_hvm_guest | XEN_DOMINF_hap : 0;
        info[n].tot_pages = 2560;
        info[n].paged_pages = paged ? strtoul(paged, NULL, 10) : 0;
    }
    return (int)n;
}

int xc_domain_pause(xc_interface *xch, uint32_t domid)
{
    (void)xch, (void)domid;
    return 0;
}

int xc_domain_destroy(xc_interface *xch, uint32_t domid)
{
    (void)xch, (void)domid;
    return 0;
}

int xc_flask_sid_to_context(xc_interface *xch, int sid, char *buf, uint32_t size)
{
    (void)xch, (void)sid, (void)buf, (void)size;
    errno = ENOSYS;
    return -1;
}

xc_cpupoolinfo_t *xc_cpupool_getinfo(xc_interface *xch, uint32_t poolid)
{
    xc_cpupoolinfo_t *info = calloc(1, sizeof(*info));

    (void)xch;
    info->cpupool_id = poolid;
    info->sched_id = XEN_SCHEDULER_CREDIT2;
    info->cpumap = calloc(1, sizeof(uint64_t));
    return info;
}

void xc_cpupool_infofree(xc_interface *xch, xc_cpupoolinfo_t *info)
{
    (void)xch;
    free(info->cpumap);
    free(info);
}

int xc_sched_credit2_domain_get(xc_interface *xch, uint32_t domid,
                                struct xen_domctl_sched_credit2 *sdom)
{
    (void)xch, (void)domid;
    memset(sdom, 0, sizeof(*sdom));
    return 0;
}

int xc_vcpu_getaffinity(xc_interface *xch, uint32_t domid, int vcpu, xc_cpumap_t hard,
                        xc_cpumap_t soft, uint32_t flags)
{
    (void)xch, (void)domid, (void)vcpu, (void)hard, (void)soft, (void)flags;
    return 0;
}

int xc_vcpu_getinfo(xc_interface *xch, uint32_t domid, uint32_t vcpu, xc_vcpuinfo_t *info)
{
    (void)xch, (void)domid, (void)vcpu;
    memset(info, 0, sizeof(*info));
    return 0;
}
