/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpus.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* A number at *text, which is moved behind it. */
static bool parse_number(const char **text, unsigned long *number)
{
    char *end;

    if (!isdigit((unsigned char)**text))
        return false;
    errno = 0;
    *number = strtoul(*text, &end, 10);
    *text = end;
    return !errno && *number < CPU_SETSIZE;
}

/* "N" or "N-M" at *text, likewise. */
static bool parse_range(const char **text, cpu_set_t *set)
{
    unsigned long first, last;

    if (!parse_number(text, &first))
        return false;
    last = first;
    if (**text == '-') {
        ++*text;
        if (!parse_number(text, &last) || last < first)
            return false;
    }
    for (unsigned long cpu = first; cpu <= last; cpu++)
        CPU_SET(cpu, set);
    return true;
}

bool cpus_parse(cpu_set_t *set, const char *text)
{
    CPU_ZERO(set);
    while (parse_range(&text, set)) {
        if (!*text)
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

int cpus_use(const cpu_set_t *set)
{
    return sched_setaffinity(0, sizeof(*set), set) ? -errno : 0;
}
