/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compressor.h"

#include <errno.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "page.h"

#define ZSTD_LEVEL 1 /* of a page, higher ones make little more, and take several times as long */

struct method {
    const char *name;
    bool (*prepare)(struct compressor *c);
    size_t (*pack)(struct compressor *c, const void *page, void *packed, size_t room);
    bool (*unpack)(struct compressor *c, const void *packed, size_t bytes, void *page);
};

struct compressor {
    const struct method *method;
    void *lz4;
    ZSTD_CCtx *zstd;
    ZSTD_DCtx *unzstd;
};

static bool lz4_prepare(struct compressor *c)
{
    c->lz4 = malloc((size_t)LZ4_sizeofState());
    return c->lz4;
}

static size_t lz4_pack(struct compressor *c, const void *page, void *packed, size_t room)
{
    return (size_t)LZ4_compress_fast_extState(c->lz4, page, packed, PAGE_BYTES, (int)room, 1);
}

static bool lz4_unpack(struct compressor *c, const void *packed, size_t bytes, void *page)
{
    (void)c;
    return LZ4_decompress_safe(packed, page, (int)bytes, PAGE_BYTES) == PAGE_BYTES;
}

static size_t zstd_pack(struct compressor *c, const void *page, void *packed, size_t room)
{
    size_t bytes = ZSTD_compressCCtx(c->zstd, packed, room, page, PAGE_BYTES, ZSTD_LEVEL);

    return ZSTD_isError(bytes) ? 0 : bytes;
}

static bool zstd_unpack(struct compressor *c, const void *packed, size_t bytes, void *page)
{
    return ZSTD_decompressDCtx(c->unzstd, page, PAGE_BYTES, packed, bytes) == PAGE_BYTES;
}

/* zstd takes its memory with the first page. */
static bool zstd_prepare(struct compressor *c)
{
    static const char page[PAGE_BYTES];
    char packed[PAGE_BYTES];

    c->zstd = ZSTD_createCCtx();
    c->unzstd = ZSTD_createDCtx();
    return c->zstd && c->unzstd && zstd_pack(c, page, packed, sizeof(packed));
}

static const struct method methods[] = {
    {"lz4", lz4_prepare, lz4_pack, lz4_unpack},
    {"zstd", zstd_prepare, zstd_pack, zstd_unpack},
};

static const struct method *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (!strcmp(methods[i].name, name))
            return &methods[i];
    return NULL;
}

bool compressor_is_known(const char *name)
{
    return find_method(name);
}

const char *compressor_names(void)
{
    return "lz4, zstd";
}

struct compressor *compressor_create(const char *name)
{
    const struct method *method = find_method(name);
    struct compressor *c = method ? calloc(1, sizeof(*c)) : NULL;

    if (!method)
        errno = EINVAL;
    if (!c)
        return NULL;
    c->method = method;
    if (method->prepare(c))
        return c;
    compressor_destroy(c);
    errno = ENOMEM;
    return NULL;
}

void compressor_destroy(struct compressor *c)
{
    if (!c)
        return;
    free(c->lz4);
    ZSTD_freeCCtx(c->zstd);
    ZSTD_freeDCtx(c->unzstd);
    free(c);
}

size_t compressor_pack(struct compressor *c, const void *page, void *packed, size_t room)
{
    return c->method->pack(c, page, packed, room);
}

bool compressor_unpack(struct compressor *c, const void *packed, size_t bytes, void *page)
{
    return c->method->unpack(c, packed, bytes, page);
}
