/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *error_name(int error)
{
    const char *name = strerrorname_np(error);

    return name ? name : "an unknown error";
}

int step(const char *what, uint64_t gfn, int rc)
{
    if (rc < 0)
        printf("  %s %" PRIx64 ": %s\n", what, gfn, error_name(-rc));
    else if (rc > 0)
        printf("  %s %" PRIx64 ": %d\n", what, gfn, rc);
    else
        printf("  %s %" PRIx64 ": ok\n", what, gfn);
    return rc;
}

void remark(const char *format, ...)
{
    va_list args;

    printf("  ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void inconclusive(const char *format, ...)
{
    va_list args;

    printf("no conclusion: ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    exit(2);
}

void must(const char *what, int rc)
{
    if (rc < 0)
        inconclusive("%s: %s", what, error_name(-rc));
}
