/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that is to take the place of this one. */
#ifndef XENPAGING2_SUCCESSOR_H
#define XENPAGING2_SUCCESSOR_H

#include <stdbool.h>

/* What each says with --version: the program's, and the index's, in a line. */
const char *successor_version(void);

/*
 * Whether it can be executed with argv: it is there, finds its libraries, knows the options, and
 * its index is ours. To be found out while there is a way back, it is asked for its version, in a
 * process of its own, for which SIGCHLD is due. Waits up to 10 s. What is wrong is logged.
 */
bool successor_is_fit(const char *program, char **argv);

#endif
