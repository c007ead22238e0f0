/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of Linux' /dev/xen/privcmd, which has no header for user space: a mapping that waits for nobody.
 */
#ifndef P2M_PRIVCMD_H
#define P2M_PRIVCMD_H

#include <stdint.h>
#include <sys/ioctl.h>

#include <xenctrl.h>

/* IOCTL_PRIVCMD_MMAPBATCH_V2. */
struct privcmd_mmapbatch_v2 {
    unsigned int num;
    domid_t dom;
    uint64_t addr;
    const xen_pfn_t *arr;
    int *err;
};
#define MMAPBATCH_V2 _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_mmapbatch_v2))

#endif
