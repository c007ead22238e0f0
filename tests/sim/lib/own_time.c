/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own_time.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct own_time *own;

__attribute__((constructor)) static void read_environment(void)
{
    const char *path = getenv("SIM_OWN_TIME");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    own = mmap(NULL, sizeof(*own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (own == MAP_FAILED)
        abort();
    close(fd);
}

static bool somebody_waits(void)
{
    return own && __atomic_load_n(&own->asked_ns, __ATOMIC_SEQ_CST) && !own->answered_ns;
}

uint64_t own_time_call(void)
{
    return own ? own_time_ns() : 0;
}

void own_time_called(uint64_t start_ns)
{
    const uint64_t now_ns = own ? own_time_ns() : 0;

    if (own)
        own->all_waited_ns += now_ns - start_ns;
    if (somebody_waits())
        own->waited_ns += now_ns - (start_ns > own->begun_ns ? start_ns : own->begun_ns);
}

void own_time_woke(uint64_t start_ns)
{
    if (somebody_waits() && start_ns <= own->asked_ns)
        own->begun_ns = own_time_ns();
}

void own_time_answered(void)
{
    if (somebody_waits())
        own->answered_ns = own_time_ns();
}
