/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of memory for packed pages: of 1 byte to PAGE_BYTES, in RAM from the start, up to a limit.
 *
 * A slab of 64 KiB is cut into blocks of one size, a multiple of 64 bytes, so that a block wastes
 * 32 bytes on the average and nothing is ever moved. A slab whose blocks are all free goes back to
 * the system. A block has a number and no address, which saves half of the room to remember it.
 */
#ifndef XENPAGING2_SLABS_H
#define XENPAGING2_SLABS_H

#include <stddef.h>
#include <stdint.h>

#define SLABS_NONE UINT32_MAX               /* no block */
#define SLABS_MIN_LIMIT (UINT64_C(1) << 20) /* bytes */
#define SLABS_MAX_LIMIT (UINT64_C(1) << 38) /* as many as there are numbers for */

struct slabs;

/*
 * Blocks that take no more than limit bytes together, from SLABS_MIN_LIMIT to SLABS_MAX_LIMIT,
 * with all that is needed to keep them. Returns NULL with errno ENOMEM. slabs_destroy() takes NULL.
 */
struct slabs *slabs_create(uint64_t limit);
void slabs_destroy(struct slabs *slabs);

/* A block of at least so many bytes. Returns 0, -ENOSPC at the limit, or -ENOMEM. */
int slabs_alloc(struct slabs *slabs, size_t bytes, uint32_t *block);
void slabs_free(struct slabs *slabs, uint32_t block);

/* Where a block is, which stays so until it is freed. */
void *slabs_at(const struct slabs *slabs, uint32_t block);

/* How many bytes the block has. */
size_t slabs_size(const struct slabs *slabs, uint32_t block);

/* Counts memory in that its user needs beside the blocks. Returns 0, or -ENOSPC at the limit. */
int slabs_charge(struct slabs *slabs, size_t bytes);
void slabs_uncharge(struct slabs *slabs, size_t bytes);

/* Bytes in use, all of it. */
uint64_t slabs_bytes(const struct slabs *slabs);

#endif
