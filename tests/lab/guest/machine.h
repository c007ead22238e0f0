/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this machine offers to the program. */
#ifndef GUEST_MACHINE_H
#define GUEST_MACHINE_H

/* A field of /proc/meminfo such as "MemTotal", in MiB; 0 if it cannot be read. */
unsigned long machine_memory_mb(const char *field);

/* The cpus this program may use, at least 1. */
unsigned int machine_cpus(void);

/* The number of the index-th of them, beginning again after the last. */
unsigned int machine_cpu(unsigned long index);

#endif
