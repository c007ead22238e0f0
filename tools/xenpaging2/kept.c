/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kept.h"

#include "pages.h"
#include "store.h"

void kept_or_free(struct pages *pages, struct store *store, uint32_t gfn, uint32_t slot)
{
    if (store_may_keep(store, slot))
        pages_keep(pages, gfn, slot);
    else
        store_free(store, slot);
}

bool kept_make_room(struct pages *pages, struct store *store)
{
    uint32_t slot;

    if (!pages_nr_kept(pages))
        return false;
    if (pages_take_kept(pages, &slot))
        store_free(store, slot);
    return true;
}
