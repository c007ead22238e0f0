/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moments at which the daemon can die so that it makes a difference: before each hypercall, and
 * before and after each function that writes to the index or has something written to the store.
 * The linker leads the calls here (--wrap, see unit.mk).
 */
#ifndef UNIT_KILL_POINTS_H
#define UNIT_KILL_POINTS_H

struct kill_points {
    void (*die)(void); /* called once, at moment number at; does not return. NULL: nobody counts */
    unsigned long nr, at;
};

extern struct kill_points kill_points;

/* One more. */
void kill_point(void);

#endif
