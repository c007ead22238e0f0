/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test needs: cmocka with the headers that it wants before it, and a few checks. */
#ifndef UNIT_TEST_H
#define UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* For a test that runs more than once: which one it is, is in its name. */
/* clang-format off */
#define NAMED_TEST(test, which, setup, teardown) \
    {#test " (" which ")", test, setup, teardown, NULL}
/* clang-format on */

/* Runs fn(arg) in a child process: it must end by a failed assertion. */
void assert_aborts(void (*fn)(void *arg), void *arg);

/* text must be one line, and not an empty one. */
void assert_one_line(const char *text);

/* text must have word in it. */
void assert_says(const char *text, const char *word);

#endif
