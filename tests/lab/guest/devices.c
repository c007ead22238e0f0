/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include <stdbool.h>
#include <string.h>

#include "disk.h"
#include "init.h"
#include "net.h"
#include "pattern.h"

#define PAGES_PER_MB ((1u << 20) / PAGE_BYTES)

struct driver {
    const char *path;
    const char *options;
};

/* Without persistent grants, which copy all data through a few pages that never go out. */
static const struct driver pv_disk[] = {{"/xen-blkfront.ko", "feature_persistent=0"}, {0}};
static const struct driver pv_net[] = {{"/xen-netfront.ko", ""}, {0}};

/* Each needs some of those before it. */
static const struct driver emulated_disk[] = {{"/crct10dif_common.ko", ""},
                                              {"/crct10dif_generic.ko", ""},
                                              {"/crc-t10dif.ko", ""},
                                              {"/crc64.ko", ""},
                                              {"/crc64_rocksoft_generic.ko", ""},
                                              {"/crc64-rocksoft.ko", ""},
                                              {"/t10-pi.ko", ""},
                                              {"/scsi_common.ko", ""},
                                              {"/scsi_mod.ko", ""},
                                              {"/sd_mod.ko", ""},
                                              {"/libata.ko", ""},
                                              {"/libahci.ko", ""},
                                              {"/ahci.ko", ""},
                                              {0}};

static int load(const struct driver *driver)
{
    int rc = 0;

    for (; init_is_pid1() && rc == 0 && driver->path; driver++)
        rc = init_load(driver->path, driver->options);
    return rc;
}

static bool is_emulated(const char *disk)
{
    return strncmp(disk, "/dev/sd", 7) == 0;
}

static int start_disk(const struct params *p)
{
    int rc = load(is_emulated(p->disk) ? emulated_disk : pv_disk);

    return rc < 0 ? rc : disk_start(p->disk, p->disk_mb * PAGES_PER_MB);
}

/* Our own address is the one behind the server's. */
static int start_net(const struct params *p)
{
    struct in_addr own = {.s_addr = htonl(ntohl(p->net.sin_addr.s_addr) + 1)};
    int rc = load(pv_net);

    if (rc == 0 && init_is_pid1())
        rc = net_set_address(own);
    return rc < 0 ? rc : net_start(&p->net, p->net_mb * PAGES_PER_MB);
}

int devices_start(const struct params *p)
{
    int rc = p->disk ? start_disk(p) : 0;

    return rc == 0 && p->net.sin_port ? start_net(p) : rc;
}

void devices_report(const struct params *p)
{
    if (p->disk)
        disk_report();
    if (p->net.sin_port)
        net_report();
}
