/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a process takes more and more: the most memory and open files that it was seen with in a
 * first half of some time, against those in the second.
 */
#ifndef SIM_GROWTH_H
#define SIM_GROWTH_H

#include <stdint.h>
#include <sys/types.h>

struct growth {
    uint64_t begin_ms, end_ms; /* of now_ms() */
    struct holding {
        unsigned long kib; /* resident */
        unsigned long files;
    } most[2]; /* in the halves */
};

/* Looks at the process, which is there. */
void growth_look(struct growth *growth, pid_t pid);

/* Says what was seen of the process of this name, and complains if it has grown. */
void growth_judge(const struct growth *growth, const char *name);

#endif
