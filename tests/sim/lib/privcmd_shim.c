/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be preloaded into the lab's lab-p2m, which maps pages through /dev/xen/privcmd itself so that
 * nobody waits for a page that is out.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../lab/progs/p2m/privcmd.h"
#include "client.h"

static struct sim_handle *host;
static int privcmd = -1;
static int protection; /* of the last mmap() of it, which the ioctl() follows */

int open(const char *path, int flags, ...)
{
    va_list args;
    int mode;

    if (!strcmp(path, "/dev/xen/privcmd")) {
        host = sim_open();
        privcmd = host ? memfd_create("privcmd", MFD_CLOEXEC) : -1;
        if (privcmd >= 0 && ftruncate(privcmd, 4096))
            return -1;
        return privcmd;
    }
    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, int) : 0;
    va_end(args);
    return openat(AT_FDCWD, path, flags, mode);
}

void *mmap(void *at, size_t bytes, int prot, int flags, int fd, off_t offset)
{
    if (fd >= 0 && fd == privcmd)
        protection = prot;
    return (void *)syscall(SYS_mmap, at, bytes, prot, flags, fd, offset);
}

int munmap(void *at, size_t bytes)
{
    return sim_unmap(at) ? (int)syscall(SYS_munmap, at, bytes) : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    const struct privcmd_mmapbatch_v2 *batch;
    va_list args;

    va_start(args, request);
    batch = va_arg(args, const struct privcmd_mmapbatch_v2 *);
    va_end(args);
    if (fd < 0 || fd != privcmd || request != MMAPBATCH_V2)
        return (int)syscall(SYS_ioctl, fd, request, batch);
    *batch->err =
        sim_map_one(host, batch->dom, protection, *batch->arr, (void *)(uintptr_t)batch->addr);
    errno = -*batch->err;
    return *batch->err ? -1 : 0;
}
