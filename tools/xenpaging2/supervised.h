/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a supervisor and its worker tell each other, in memory that they share. */
#ifndef XENPAGING2_SUPERVISED_H
#define XENPAGING2_SUPERVISED_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* By which a supervisor is told that its worker has attached itself to the domain. */
#define SUPERVISED_ATTACHED SIGUSR1

/* By which a worker is told that its supervisor has died. */
#define SUPERVISED_ALONE SIGUSR1

struct supervised {
    /* The worker's. */
    bool attached;             /* to the domain: the start is over */
    bool hands_over;           /* ends with pages out, for the next one to go on */
    bool is_over;              /* nothing is out, paging is off, no pause is left */
    bool needs_key;            /* so does the next one: pages are encrypted */
    int64_t attached_ms;       /* clock_ms() of that */
    char index_path[PATH_MAX]; /* "" if there is none */
    char store_file[PATH_MAX]; /* "" if the store is none; both go when the domain does */

    /* The supervisor's. */
    pid_t supervisor;
    int64_t died_ms; /* when the last worker was found dead; 0: there was none */
    bool drain;      /* it was told to end: bring all back, and end */
};

#endif
