/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pread() and pwrite() of pagers, which use them for their store: by $SIM_STORE_FAULTS, "SEED
 * RATE", one call in RATE fails or does less than it was asked for ("SEED RATE short": only that).
 * Which, the seed and the number of the call say. Pagers that can write several pages at once, or
 * read at once what is in memory, do it one by one then, and where one is to die at one of its
 * writes. A pager that finds a file $SIM_STORE_GONE has a store that is gone for good: whatever is
 * at its place later, it would have to open.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kill_point.h"
#include "pattern.h"

#define NR_WAYS 8
#define PARTLY 0

/* A pager tries a read again in a second: not too many of these. */
static const int read_errors[NR_WAYS] = {EINTR, PARTLY, EINTR, PARTLY, EINTR, PARTLY, EINTR, EIO};
static const int write_errors[NR_WAYS] = {EINTR, PARTLY, ENOSPC, EIO,
                                          EINTR, PARTLY, ENOSPC, EDQUOT};

static uint64_t seed, rate, nr_calls;
static bool one_by_one, only_short, is_gone;
static const char *gone;

__attribute__((constructor)) static void read_environment(void)
{
    const char *faults = getenv("SIM_STORE_FAULTS");

    if (faults)
        sscanf(faults, "%lu %lu", &seed, &rate);
    only_short = faults && strstr(faults, "short");
    gone = getenv("SIM_STORE_GONE");
    one_by_one = rate || gone || getenv("SIM_KILL");
}

/* Returns how many bytes to transfer, or -1 with errno. The header at the beginning is spared
 * where the store is there: without it, a pager does not start. */
static ssize_t fault(const int *errors, size_t bytes, off_t offset)
{
    uint64_t chance;
    int error;

    if (gone && !access(gone, F_OK))
        __atomic_store_n(&is_gone, true, __ATOMIC_RELAXED);
    if (__atomic_load_n(&is_gone, __ATOMIC_RELAXED)) {
        errno = ENXIO;
        return -1;
    }
    if (!rate || !offset)
        return (ssize_t)bytes;
    chance = pattern_mix(seed ^ (__atomic_add_fetch(&nr_calls, 1, __ATOMIC_RELAXED) << 32));
    if (chance % rate)
        return (ssize_t)bytes;
    error = only_short ? PARTLY : errors[(chance >> 32) % NR_WAYS];
    if (error == PARTLY)
        return (ssize_t)(bytes + 1) / 2;
    errno = error;
    return -1;
}

ssize_t pread(int fd, void *data, size_t bytes, off_t offset)
{
    ssize_t nr = fault(read_errors, bytes, offset);

    return nr < 0 ? nr : syscall(SYS_pread64, fd, data, (size_t)nr, offset);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    enum kill_how how;
    bool dies = kill_point_begin(&how);
    ssize_t nr = fault(write_errors, bytes, offset);

    if (dies)
        syscall(SYS_pwrite64, fd, data, how == KILL_PARTLY ? bytes / 2 : bytes, offset);
    if (dies)
        kill_point_die();
    return nr < 0 ? nr : syscall(SYS_pwrite64, fd, data, (size_t)nr, offset);
}

ssize_t pwritev(int fd, const struct iovec *data, int nr, off_t offset)
{
    errno = EIO;
    return one_by_one ? -1 : syscall(SYS_pwritev, fd, data, (size_t)nr, offset, 0);
}

ssize_t preadv(int fd, const struct iovec *data, int nr, off_t offset)
{
    errno = EIO;
    return one_by_one ? -1 : syscall(SYS_preadv, fd, data, (size_t)nr, offset, 0);
}

ssize_t preadv2(int fd, const struct iovec *data, int nr, off_t offset, int flags)
{
    errno = EAGAIN;
    return one_by_one ? -1 : syscall(SYS_preadv2, fd, data, (size_t)nr, offset, 0, flags);
}
