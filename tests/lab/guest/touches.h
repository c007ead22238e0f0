/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In place of rounds: touches one page after the other, by lot, with a pause before each, and
 * reports how long those took that were not at once. It is how a page-in looks from the guest.
 */
#ifndef GUEST_TOUCHES_H
#define GUEST_TOUCHES_H

#include "params.h"
#include "region.h"

/* Delays in one line of the report. */
#define TOUCHES_REPORTED 64

/* Does not return. */
_Noreturn void touches_run(const struct params *params, const struct region *region);

#endif
