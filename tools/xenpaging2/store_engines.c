/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which store engine there is for which form of name. */
#include <errno.h>
#include <stdio.h>

#include "store_engine.h"

bool store_form_is_known(const char *where)
{
    return where[0] == '/';
}

const char *store_forms(void)
{
    return "an absolute path";
}

int store_engine_open(struct event_base *base, const struct store_options *options,
                      struct store_engine **engine, char *message, size_t size)
{
    if (store_form_is_known(options->where))
        return store_file_open(base, options->where, engine, message, size);
    snprintf(message, size, "store: '%s': is no store (allowed: %s)", options->where,
             store_forms());
    return -EINVAL;
}
