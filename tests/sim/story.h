/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be told on a simulated host. Each returns an exit code. */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include <stdbool.h>
#include <stdint.h>

int story_demo(const char *dir, bool patched);

#endif
