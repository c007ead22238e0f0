/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be so when a story is over: nobody holds anything, and each frame has its owner. */
#ifndef SIM_PEACE_H
#define SIM_PEACE_H

#include "guest.h"

/* Complains if it is not so, within some ms as far as that takes time. */
void peace_expect(const struct guest *guests, unsigned int nr_guests, unsigned int ms);

#endif
