/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

unsigned long machine_memory_mb(const char *field)
{
    FILE *file = fopen("/proc/meminfo", "re");
    char line[128], name[32];
    unsigned long kib = 0;

    if (!file)
        return 0;
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "%31[^:]: %lu kB", name, &kib) == 2 && strcmp(name, field) == 0)
            break;
        else
            kib = 0;
    fclose(file);
    return kib / 1024;
}

static cpu_set_t usable_cpus(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0) {
        CPU_ZERO(&set);
        CPU_SET(0, &set);
    }
    return set;
}

unsigned int machine_cpus(void)
{
    cpu_set_t set = usable_cpus();

    return (unsigned int)CPU_COUNT(&set);
}

unsigned int machine_cpu(unsigned long index)
{
    cpu_set_t set = usable_cpus();
    unsigned int cpu = 0;

    for (index %= (unsigned long)CPU_COUNT(&set);; cpu++)
        if (CPU_ISSET(cpu, &set) && index-- == 0)
            return cpu;
}
