/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kill_plan.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct kill_plan *kill_plan_create(const char *dir)
{
    struct kill_plan *plan;
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/kill", dir);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(*plan)))
        err(1, "%s", path);
    plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (plan == MAP_FAILED)
        err(1, "mmap");
    close(fd);
    setenv("SIM_KILL", path, 1);
    return plan;
}
