/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kill_points.h"

#include <stddef.h>

#include "pages.h"
#include "store.h"

struct kill_points kill_points;

void kill_point(void)
{
    if (kill_points.die && ++kill_points.nr == kill_points.at)
        kill_points.die();
}

/* Defines the function that is called in the place of another one. */
#define WITH_KILL_POINTS(name, parameters, ...)                                                    \
    void __real_##name parameters;                                                                 \
    void __wrap_##name parameters;                                                                 \
    void __wrap_##name parameters                                                                  \
    {                                                                                              \
        kill_point();                                                                              \
        __real_##name(__VA_ARGS__);                                                                \
        kill_point();                                                                              \
    }

WITH_KILL_POINTS(pages_nominate, (struct pages * pages, uint32_t gfn), pages, gfn)
WITH_KILL_POINTS(pages_give_up, (struct pages * pages, uint32_t gfn), pages, gfn)
WITH_KILL_POINTS(pages_record, (struct pages * pages, uint32_t gfn, uint32_t slot), pages, gfn,
                 slot)
WITH_KILL_POINTS(pages_commit, (struct pages * pages, uint32_t gfn, uint32_t slot), pages, gfn,
                 slot)
WITH_KILL_POINTS(pages_loaded, (struct pages * pages, uint32_t gfn), pages, gfn)
WITH_KILL_POINTS(pages_keep, (struct pages * pages, uint32_t gfn, uint32_t slot), pages, gfn, slot)
WITH_KILL_POINTS(pages_drop, (struct pages * pages, uint32_t gfn), pages, gfn)
WITH_KILL_POINTS(pages_forget, (struct pages * pages, uint32_t gfn), pages, gfn)
WITH_KILL_POINTS(store_page_out, (struct store * store, struct store_io *io), store, io)
WITH_KILL_POINTS(store_free, (struct store * store, uint32_t slot), store, slot)
