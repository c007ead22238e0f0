/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When pagers die, for those that are started from now on: see kill_point.h. */
#ifndef SIM_KILL_PLAN_H
#define SIM_KILL_PLAN_H

#include "kill_point.h"

/* In a file in dir. Nobody dies yet. */
struct kill_plan *kill_plan_create(const char *dir);

#endif
