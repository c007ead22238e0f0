/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a simulated host shares with the libraries of its pagers: a file, named by the environment.
 */
#ifndef SIM_SHARED_FILE_H
#define SIM_SHARED_FILE_H

#include <stddef.h>

/*
 * Makes the file in dir, of zeros, and sets the variable, whose name it has, for pagers that are
 * started from now on. Ends the program if it cannot. The mapping stays.
 */
void *shared_file_create(const char *dir, const char *variable, size_t size);

/* The same in a pager: NULL if the variable names no file. */
void *shared_file_open(const char *variable, size_t size);

#endif
