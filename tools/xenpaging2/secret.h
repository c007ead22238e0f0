/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The key of encrypted pages, which outlives who writes them: a supervisor has it before its first
 * worker, gives it to each of them, and leaves it to the program that it hands over to.
 */
#ifndef XENPAGING2_SECRET_H
#define XENPAGING2_SECRET_H

#include <stdbool.h>

struct store_secret;

/*
 * The one that was left to this process, which *was_left then says, or else a random one; in locked
 * memory, and in no core dump. Returns NULL with errno set. Free with secret_destroy(), which takes
 * NULL.
 */
struct store_secret *secret_create(bool *was_left);
void secret_destroy(struct store_secret *secret);

/*
 * Leaves it to the program that is executed next, in a memfd that cannot be changed any more, whose
 * number is in the environment. If none is executed, this is to be undone. Returns 0 or a negative
 * errno, with nothing to undo.
 */
int secret_leave(const struct store_secret *secret);
void secret_withdraw(void);

#endif
