/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is there when a page-in needs it: zeroed, page-aligned, and present in RAM from the
 * start, because the host that runs short of memory is the very host we work for. It is left out of
 * core dumps.
 * All sizes are in bytes; a size of 0 with a pointer of NULL stands for "nothing yet".
 */
#ifndef XENPAGING2_LOCKED_MEMORY_H
#define XENPAGING2_LOCKED_MEMORY_H

#include <stddef.h>
#include <sys/types.h>

/* Returns NULL with errno ENOMEM. Where RLIMIT_MEMLOCK forbids locking, memory is unlocked. */
void *locked_alloc(size_t size);

/* The same of a file, whose pages these are, from an offset on. size is not 0. */
void *locked_map(int fd, off_t offset, size_t size);

/*
 * The same, but addresses only, for tables that are used in parts: a part may be read, and is zeros
 * or what the file has there, and must not be written to before locked_present() was asked for it.
 */
void *locked_reserve(size_t size);
void *locked_reserve_map(int fd, off_t offset, size_t size);
void *locked_reserve_more(void *memory, size_t size, size_t new_size);

/*
 * Makes size bytes present that begin offset bytes behind memory, a multiple of the page's size.
 * Returns 0 or -ENOMEM; of a file also that for which there is no space, or that cannot be read.
 */
int locked_present(void *memory, size_t offset, size_t size);

/* As locked_alloc() with the old contents; NULL, and the old memory untouched, on failure. */
void *locked_grow(void *memory, size_t size, size_t new_size);

/* Cannot fail: gives the tail back. Returns NULL for a new_size of 0. */
void *locked_shrink(void *memory, size_t size, size_t new_size);

/* Takes NULL. */
void locked_free(void *memory, size_t size);

#endif
