/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls to files that can be made to fail, as those of failing.c. */
#include "failing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int __real_open(const char *path, int flags, ...);
int __real_flock(int fd, int operation);
int __real_fstat(int fd, struct stat *st);
int __real_ftruncate(int fd, off_t size);
int __real_posix_fallocate(int fd, off_t offset, off_t size);
ssize_t __real_pread(int fd, void *data, size_t size, off_t offset);
ssize_t __real_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __real_pwritev(int fd, const struct iovec *data, int nr, off_t offset);

int __wrap_open(const char *path, int flags, ...);
int __wrap_flock(int fd, int operation);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_posix_fallocate(int fd, off_t offset, off_t size);
ssize_t __wrap_pread(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwritev(int fd, const struct iovec *data, int nr, off_t offset);

int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if (flags & O_CREAT)
        mode = va_arg(args, mode_t);
    va_end(args);
    return fail_this(EMFILE) ? -1 : __real_open(path, flags, mode);
}

int __wrap_flock(int fd, int operation)
{
    return operation != LOCK_UN && fail_this(ENOLCK) ? -1 : __real_flock(fd, operation);
}

int __wrap_fstat(int fd, struct stat *st)
{
    return fail_this(EIO) ? -1 : __real_fstat(fd, st);
}

int __wrap_ftruncate(int fd, off_t size)
{
    return fail_this(EIO) ? -1 : __real_ftruncate(fd, size);
}

static unsigned long bytes_reserved;

unsigned long nr_bytes_reserved(void)
{
    return bytes_reserved;
}

int __wrap_posix_fallocate(int fd, off_t offset, off_t size)
{
    bytes_reserved += (unsigned long)size;
    return fail_this(ENOSPC) ? ENOSPC : __real_posix_fallocate(fd, offset, size);
}

ssize_t __wrap_pread(int fd, void *data, size_t size, off_t offset)
{
    return fail_this(EIO) ? -1 : __real_pread(fd, data, size, offset);
}

ssize_t __wrap_pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return fail_this(EIO) ? -1 : __real_pwrite(fd, data, size, offset);
}

ssize_t __wrap_pwritev(int fd, const struct iovec *data, int nr, off_t offset)
{
    return fail_this(EIO) ? -1 : __real_pwritev(fd, data, nr, offset);
}
