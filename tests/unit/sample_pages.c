/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample_pages.h"

#include <string.h>

void sample_page_fill(struct sample_page *page, uint32_t seed, size_t noise)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15) * (seed + 1);

    for (size_t i = 0; i < noise; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        page->bytes[i] = (unsigned char)(state >> 32);
    }
    memset(page->bytes + noise, (int)('a' + seed % 26), PAGE_BYTES - noise);
}
