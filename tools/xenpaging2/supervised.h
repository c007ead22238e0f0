/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the supervisor and its worker tell each other, in memory that they share. Each member has
 * one writer at a time: the worker while it lives, the supervisor in between.
 */
#ifndef XENPAGING2_SUPERVISED_H
#define XENPAGING2_SUPERVISED_H

#include <stdbool.h>
#include <stdint.h>

struct supervised {
    bool attached;       /* to the domain: the start is over */
    bool drain;          /* told to end: bring all back, and end */
    uint32_t nr_pauses;  /* of the domain, made between two workers: the next one undoes them */
    int64_t attached_ms; /* clock_ms() of that */
};

#endif
