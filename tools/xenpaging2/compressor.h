/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages made smaller, one at a time, by the library that the user chose. */
#ifndef XENPAGING2_COMPRESSOR_H
#define XENPAGING2_COMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>

#define COMPRESSOR_DEFAULT "lz4"

struct compressor;

bool compressor_is_known(const char *name);

/* The names, for a user to choose from. */
const char *compressor_names(void);

/* All memory it needs is allocated here. Returns NULL with errno ENOMEM, or EINVAL for the name. */
struct compressor *compressor_create(const char *name);

/* Takes NULL. */
void compressor_destroy(struct compressor *compressor);

/* Packs a page into no more than room bytes. Returns how many, or 0 if it does not fit. */
size_t compressor_pack(struct compressor *compressor, const void *page, void *packed, size_t room);

/* Unpacks so many bytes to a page. False if they are not what compressor_pack() made of one. */
bool compressor_unpack(struct compressor *compressor, const void *packed, size_t bytes, void *page);

#endif
