/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab-p2m DOMID CASE: shows whether Xen does one thing right with pages of a guest that are
 * mapped, nominated or out. Prints each step with its outcome and ends with "RESULT CASE good" or
 * "RESULT CASE bad: WHY" and exit code 0, or, if neither could be shown, with 2.
 *
 * The guest is a paused PVH one of at least 96 MiB that never ran, unless the case's line says
 * otherwise. Without arguments: what cases there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "pager.h"
#include "report.h"
#include "xen.h"

/* 80 MiB: above the kernel, and RAM in any guest of 96 MiB. */
#define FIRST_GFN 0x5000

static const struct p2m_case *const groups[] = {
    mapping_cases, removal_cases, request_cases,     guest_cases,       batch_cases,
    pin_cases,     race_cases,    conformance_cases, device_model_cases};

/* Calls FN for each case until it returns true. */
static const struct p2m_case *find(int (*fn)(const struct p2m_case *, const char *),
                                   const char *name, uint64_t *gfn)
{
    *gfn = FIRST_GFN;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        for (const struct p2m_case *c = groups[i]; c->name; c++, *gfn += CASE_GFNS)
            if (fn(c, name))
                return c;
    return NULL;
}

static int is_named(const struct p2m_case *c, const char *name)
{
    return strcmp(c->name, name) == 0;
}

static int print(const struct p2m_case *c, const char *name)
{
    (void)name;
    printf("  %-24s %s\n", c->name, c->what);
    return 0;
}

int main(int argc, char **argv)
{
    const struct p2m_case *c;
    const char *why;
    uint64_t gfn;

    setvbuf(stdout, NULL, _IOLBF, 0);
    c = argc == 3 ? find(is_named, argv[2], &gfn) : NULL;
    if (!c) {
        printf("usage: %s DOMID CASE\n", argv[0]);
        find(print, NULL, &gfn);
        return 2;
    }
    xen_open((uint32_t)strtoul(argv[1], NULL, 10));
    printf("%s: %s\n", c->name, c->what);
    must("attaching", pager_attach());
    why = c->run(gfn);
    pager_detach();
    printf("RESULT %s %s%s\n", c->name, why ? "bad: " : "good", why ? why : "");
    return 0;
}
