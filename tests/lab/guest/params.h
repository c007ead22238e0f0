/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parameters KEY=VALUE: words of the command line, or words "workload.KEY=VALUE" of the
 * kernel's. A wrong one is reported here, in one line, by the function that returns -EINVAL.
 */
#ifndef GUEST_PARAMS_H
#define GUEST_PARAMS_H

#include <netinet/in.h>
#include <stdint.h>

#include "order.h"

#define THREADS_MAX 64

enum end_action { END_HALT, END_REBOOT, END_POWEROFF, END_IDLE, END_KEXEC };

struct params {
    unsigned long pattern; /* enum pattern */
    unsigned long mb;      /* size of the verified region, MiB; about 60 % of the memory */
    unsigned long threads; /* one per usable cpu */
    unsigned long writes;  /* pages rewritten per round, percent of the region; may exceed 100 */
    unsigned long hot;     /* size of the rewrites' working set, percent of the region */
    unsigned long zero;    /* share of the zeroable pages (pattern.h), percent */
    unsigned long rounds;  /* 0: without end */
    unsigned long idle_ms; /* pause between rounds */
    unsigned long
        touch_us;          /* in place of rounds, page by page with this pause (touches.h); 0: no */
    unsigned long probe;   /* 1: show what the guest can do in xenstore */
    unsigned long end;     /* enum end_action: what pid 1 does at the end */
    const char *disk;      /* a block device or a file to move pages to and from; NULL: none */
    unsigned long disk_mb; /* the pages that are moved, MiB */
    struct sockaddr_in net; /* an echo server to exchange pages with (net.h); port 0: none */
    unsigned long net_mb;   /* the pages that are exchanged, MiB */
    unsigned long corrupt_page;
    unsigned long corrupt_round; /* in which corrupt_page is damaged on purpose; 0: never */
};

/* The defaults that do not depend on the machine. */
void params_init(struct params *p);

/* One word KEY=VALUE, which must stay; of a repeated key the last one counts. 0 or -EINVAL. */
int params_set(struct params *p, const char *word);

/* All words "workload.KEY=VALUE" of a kernel command line, which is cut into words in place. */
int params_set_cmdline(struct params *p, char *cmdline);

/* Fills in what depends on the machine, checks what depends on several values. 0 or -EINVAL. */
int params_complete(struct params *p);

/* The pages of the region. */
uint64_t params_pages(const struct params *p);

#endif
