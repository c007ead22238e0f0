/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lab-dominfo DOMID: what Xen says about one domain, a "name=value" a line, and how many pages of
 * the host are free. Pages are of 4 KiB. Exits with 1 when there is no such domain.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <xenctrl.h>

static void print_domain(const xc_domaininfo_t *info)
{
    printf("resident=%llu\n", (unsigned long long)info->tot_pages);
    printf("paged=%llu\n", (unsigned long long)info->paged_pages);
    printf("maximum=%llu\n", (unsigned long long)info->max_pages);
    printf("outstanding=%llu\n", (unsigned long long)info->outstanding_pages);
    printf("dying=%d\n", !!(info->flags & XEN_DOMINF_dying));
    printf("shutdown=%d\n", !!(info->flags & XEN_DOMINF_shutdown));
    printf("paused=%d\n", !!(info->flags & XEN_DOMINF_paused));
    printf("blocked=%d\n", !!(info->flags & XEN_DOMINF_blocked));
    printf("running=%d\n", !!(info->flags & XEN_DOMINF_running));
    printf("reason=%u\n", (info->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask);
    printf("vcpus=%u\n", info->nr_online_vcpus);
    printf("cpu_ns=%llu\n", (unsigned long long)info->cpu_time);
}

static void print_host(xc_interface *xc)
{
    xc_physinfo_t info = {0};

    if (xc_physinfo(xc, &info) == 0)
        printf("host-free=%llu\n", (unsigned long long)info.free_pages);
}

int main(int argc, char **argv)
{
    xc_interface *xc;
    xc_domaininfo_t info;
    uint32_t domid;
    int found;

    if (argc != 2) {
        fprintf(stderr, "usage: %s DOMID\n", argv[0]);
        return 2;
    }
    domid = strtoul(argv[1], NULL, 10);
    xc = xc_interface_open(NULL, NULL, 0);
    if (!xc) {
        perror("xc_interface_open");
        return 2;
    }
    found = xc_domain_getinfolist(xc, domid, 1, &info) == 1 && info.domain == domid;
    if (found) {
        print_domain(&info);
        print_host(xc);
    }
    xc_interface_close(xc);
    return found ? 0 : 1;
}
