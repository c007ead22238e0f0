/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shared_file.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void *map_and_close(int fd, size_t size)
{
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    close(fd);
    return shared;
}

void *shared_file_create(const char *dir, const char *variable, size_t size)
{
    char path[256];
    void *shared;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", dir, variable);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)size))
        err(1, "%s", path);
    shared = map_and_close(fd, size);
    if (shared == MAP_FAILED)
        err(1, "mmap");
    setenv(variable, path, 1);
    return shared;
}

void *shared_file_open(const char *variable, size_t size)
{
    const char *path = getenv(variable);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *shared;

    if (fd < 0)
        return NULL;
    shared = map_and_close(fd, size);
    if (shared == MAP_FAILED)
        abort();
    return shared;
}
