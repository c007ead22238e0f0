/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices under test: their drivers, where the workload is a guest's pid 1, and their threads.
 */
#ifndef GUEST_DEVICES_H
#define GUEST_DEVICES_H

#include "params.h"

/* Starts those that are asked for. 0, or a negative errno after reporting it. */
int devices_start(const struct params *p);

/* Reports what these have done so far. */
void devices_report(const struct params *p);

#endif
