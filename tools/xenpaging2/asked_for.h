/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gfns that programs of dom0 had brought in, the oldest first. A save or a migration goes over all
 * of the guest like that, and needs nothing twice: these go out again before others do, so that
 * what the guest has in use stays where it is.
 */
#ifndef XENPAGING2_ASKED_FOR_H
#define XENPAGING2_ASKED_FOR_H

#include <stdbool.h>
#include <stdint.h>

/* More than this, and the oldest one is forgotten: it goes out like any other. */
#define ASKED_FOR_MAX 1024u

/* All zero is an empty one. */
struct asked_for {
    unsigned int first;
    unsigned int nr;
    struct {
        uint32_t gfn;
        int64_t since_ms;
    } gfns[ASKED_FOR_MAX];
};

/* now_ms is clock_ms(), here and below. A gfn may be there more than once. */
void asked_for_add(struct asked_for *asked_for, uint32_t gfn, int64_t now_ms);

/* Takes the oldest one out, if it has been there for age_ms. Returns false if there is none. */
bool asked_for_next(struct asked_for *asked_for, int64_t now_ms, int64_t age_ms, uint32_t *gfn);

#endif
