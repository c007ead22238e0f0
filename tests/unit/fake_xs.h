/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A xenstored in the test's own process, behind libxenstore's functions: nodes, transactions that
 * can meet a conflict, watches. Used by two threads at once, as the real one is.
 */
#ifndef UNIT_FAKE_XS_H
#define UNIT_FAKE_XS_H

#include <stdbool.h>

/* An empty store. */
void fake_xs_reset(void);

/* What another client does: sets a node, or removes it with NULL. Watches fire. */
void fake_xs_set(const char *path, const char *value);

/* The value of a node: copied to value (256 bytes); false if there is none. */
bool fake_xs_get(const char *path, char *value);

/* How often a node has been written by the daemon. */
unsigned int fake_xs_nr_writes(const char *path);

/* Lets a special watch ("@releaseDomain") fire. */
void fake_xs_fire(const char *path);

/* The next nr transactions end with EAGAIN; how many were begun so far. */
void fake_xs_conflict(unsigned int nr);
unsigned int fake_xs_nr_transactions(void);

/* The next write fails with an errno. */
void fake_xs_fail_write(int error);

/* Nobody can connect; the connection is cut; nothing is answered any more. */
void fake_xs_refuse(int error);
void fake_xs_cut(void);
void fake_xs_hang(bool hang);

/* A client that waits with a time limit waits in vain, at once. */
void fake_xs_be_impatient(void);

/* What a client has not given back: handles and memory. */
int fake_xs_nr_open(void);

#endif
