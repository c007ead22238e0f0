/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program says on stderr, to look at. */
#ifndef UNIT_CAPTURE_H
#define UNIT_CAPTURE_H

#include <stdbool.h>

/* From now on. */
void capture_begin(void);

/* What was said since, valid until the next begin. stderr is as it was. */
const char *capture_end(void);

/* Nothing that the project logs is shown from now on. */
void be_quiet(bool quiet);

/* How many lines a text has. */
unsigned int nr_lines(const char *text);

#endif
