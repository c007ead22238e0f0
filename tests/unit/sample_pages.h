/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of known contents that pack to different sizes. */
#ifndef UNIT_SAMPLE_PAGES_H
#define UNIT_SAMPLE_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"

struct sample_page {
    _Alignas(PAGE_BYTES) unsigned char bytes[PAGE_BYTES];
};

/* The first so many bytes are noise, which nothing packs; the rest is one letter. By seed. */
void sample_page_fill(struct sample_page *page, uint32_t seed, size_t noise);

#endif
