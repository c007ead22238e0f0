/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which store engine there is for which form of name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "one_line.h"
#include "slabs.h"
#include "store_engine.h"

#define FORMS "/PATH, memory[:SIZE], memory[:SIZE],/PATH, with a SIZE from 1M to 256G"

struct form {
    bool in_memory;
    uint64_t limit;    /* bytes of memory; 0: the default */
    const char *place; /* a file or a device; NULL: none */
};

/* A number of KiB, or of what the letter after it says. Returns what follows, or NULL. */
static const char *parse_size(const char *text, uint64_t *bytes)
{
    static const char letters[] = "KMG";
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    const char *letter = *end ? strchr(letters, *end) : NULL;
    unsigned int shift = letter ? 10 * (unsigned int)(letter - letters + 1) : 10;

    if (*text < '0' || *text > '9' || number > SLABS_MAX_LIMIT >> shift)
        return NULL;
    *bytes = number << shift;
    return *bytes < SLABS_MIN_LIMIT ? NULL : end + (letter ? 1 : 0);
}

/* Returns what follows, or NULL. */
static const char *parse_memory(const char *text, struct form *form)
{
    static const char name[] = "memory";

    if (strncmp(text, name, strlen(name)))
        return NULL;
    form->in_memory = true;
    text += strlen(name);
    return *text == ':' ? parse_size(text + 1, &form->limit) : text;
}

static bool parse_place(const char *text, struct form *form)
{
    form->place = text;
    return text[0] == '/';
}

static bool parse(const char *where, struct form *form)
{
    const char *rest = parse_memory(where, form);

    if (!form->in_memory)
        return parse_place(where, form);
    if (rest && *rest == ',')
        return parse_place(rest + 1, form);
    return rest && !*rest;
}

bool store_form_is_known(const char *where)
{
    struct form form = {0};

    return parse(where, &form);
}

const char *store_forms(void)
{
    return FORMS;
}

static int open_tiers(struct event_base *base, const struct store_options *options,
                      const struct form *form, struct store_engine **engine, char *message,
                      size_t size)
{
    struct store_engine *next;
    int rc = store_memory_open(base, options->compression, form->limit, engine, message, size);

    if (rc || !form->place)
        return rc;
    rc = store_file_open(base, form->place, &next, message, size);
    if (rc)
        (*engine)->ops->close(*engine);
    else
        store_memory_spill_to(*engine, next);
    return rc;
}

int store_engine_open(struct event_base *base, const struct store_options *options,
                      struct store_engine **engine, char *message, size_t size)
{
    struct form form = {0};
    int rc;

    *engine = NULL;
    if (!parse(options->where, &form)) {
        snprintf(message, size, "store: '%.*s%s' is not allowed (allowed: " FORMS ")",
                 SHOWN(options->where));
        return -EINVAL;
    }
    if (!form.in_memory)
        return store_file_open(base, form.place, engine, message, size);
    rc = open_tiers(base, options, &form, engine, message, size);
    if (rc)
        *engine = NULL;
    return rc;
}
