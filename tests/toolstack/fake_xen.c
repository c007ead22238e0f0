/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be preloaded: as much of libxenctrl and libxenstore as xl and libxl need to read a
 * configuration. There is no Xen, and no xenstored.
 */
#include <errno.h>
#include <stddef.h>

#define NOT_THERE(type, name)                                                                      \
    type name(void);                                                                               \
    type name(void)                                                                                \
    {                                                                                              \
        errno = ENOENT;                                                                            \
        return 0;                                                                                  \
    }
#define OPENS(name)                                                                                \
    void *name(void);                                                                              \
    void *name(void)                                                                               \
    {                                                                                              \
        static int handle;                                                                         \
        return &handle;                                                                            \
    }

OPENS(xc_interface_open)
OPENS(xs_open)
NOT_THERE(int, xc_interface_close)
NOT_THERE(int, xs_close)
NOT_THERE(int, xc_version)
NOT_THERE(int, xc_physinfo)
NOT_THERE(long, xc_sharing_freed_pages)
NOT_THERE(long, xc_sharing_used_frames)

int xc_get_max_cpus(void *xch);

int xc_get_max_cpus(void *xch)
{
    (void)xch;
    return 1;
}
