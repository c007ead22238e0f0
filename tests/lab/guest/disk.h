/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk under test, beside the memory: a thread moves pages of a pool to random blocks, and blocks
 * to random pages, past the page cache (O_DIRECT). Most pages are moved often before the thread
 * itself looks at their contents: what goes out to the disk may be a page that no vCPU has touched
 * since it was paged out.
 */
#ifndef GUEST_DISK_H
#define GUEST_DISK_H

#include <stdint.h>

/*
 * Fills a pool of that many pages and the blocks of the disk (a block device or a file, which is
 * overwritten; waited for if it is not there yet), and starts the thread. 0, or a negative errno
 * after reporting it.
 */
int disk_start(const char *path, uint64_t pool_pages);

/* Reports what was done so far. The first wrong page or failed transfer is reported as an error
 * when it happens, and is the thread's end. */
void disk_report(void);

#endif
