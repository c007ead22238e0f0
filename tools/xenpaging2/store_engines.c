/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which store engine there is for which form of name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "one_line.h"
#include "slabs.h"
#include "store_engine.h"
#include "store_seal.h"

#define FORMS                                                                                      \
    "PLACE, memory[:SIZE], memory[:SIZE],PLACE; PLACE: /PATH, nbd://..., nbds://..., "             \
    "nbd+unix://..., nbds+unix://...; SIZE: 1M to 256G"

struct form {
    bool in_memory;
    uint64_t limit;    /* bytes of memory; 0: the default */
    const char *place; /* a file, a device, or a URI; NULL: none */
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

static bool is_uri(const char *text)
{
    static const char *const schemes[] = {"nbd://", "nbds://", "nbd+unix://", "nbds+unix://"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (!strncmp(text, schemes[i], strlen(schemes[i])))
            return true;
    return false;
}

static bool parse_place(const char *text, struct form *form)
{
    form->place = text;
    return text[0] == '/' || is_uri(text);
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

bool store_form_outlives_us(const char *where)
{
    struct form form = {0};

    return parse(where, &form) && !form.in_memory;
}

const char *store_form_path(const char *where)
{
    struct form form = {0};

    return parse(where, &form) && form.place && form.place[0] == '/' ? form.place : NULL;
}

const char *store_forms(void)
{
    return FORMS;
}

static bool is_to_be_sealed(const struct store_options *options, const char *place)
{
    return options->encryption == STORE_ENCRYPT_YES ||
           (options->encryption == STORE_ENCRYPT_BY_DEFAULT && is_uri(place));
}

/* What is there already was encrypted, or not, and the key may be gone. */
static int check_key(const struct store_options *options, const char *place, char *message,
                     size_t size)
{
    const bool has_key = options->secret && options->secret->id == options->key_id;
    const char *why = NULL;

    if (!options->key_id && is_to_be_sealed(options, place))
        why = "the pages in it are not encrypted, and stay so";
    else if (options->key_id && !is_to_be_sealed(options, place))
        why = "the pages in it are encrypted, and stay so";
    else if (options->key_id && !has_key)
        why = "the key of the pages in it is gone, with the supervisor that had it";
    if (!why)
        return 0;
    snprintf(message, size, "store: '%.*s%s': %s", SHOWN(place), why);
    return -EINVAL;
}

static int open_unsealed(struct event_base *base, const struct store_options *options,
                         const char *place, struct store_engine **engine, char *message,
                         size_t size)
{
    const unsigned int nr = options->connections ? options->connections : STORE_DEFAULT_CONNECTIONS;

    if (is_uri(place))
        return store_nbd_open(base, place, nr, options->id, engine, message, size);
    return store_file_open(base, place, options->id, engine, message, size);
}

static int open_place(struct event_base *base, const struct store_options *options,
                      const char *place, struct store_engine **engine, char *message, size_t size)
{
    struct store_engine *opened;
    int rc = options->id ? check_key(options, place, message, size) : 0;

    if (!rc)
        rc = open_unsealed(base, options, place, &opened, message, size);
    if (rc)
        return rc;
    if (is_to_be_sealed(options, place) && (rc = store_seal(base, options->secret, &opened))) {
        snprintf(message, size, "store: encryption cannot be set up: %s", strerror(-rc));
        opened->ops->remove(opened);
        opened->ops->close(opened);
        return rc;
    }
    *engine = opened;
    return 0;
}

static int open_tiers(struct event_base *base, const struct store_options *options,
                      const struct form *form, struct store_engine **engine, char *message,
                      size_t size)
{
    struct store_engine *memory, *next = NULL;
    int rc = store_memory_open(base, options->compression, form->limit, &memory, message, size);

    if (rc)
        return rc;
    if (form->place)
        rc = open_place(base, options, form->place, &next, message, size);
    if (rc) {
        memory->ops->close(memory);
        return rc;
    }
    if (next)
        store_memory_spill_to(memory, next);
    *engine = memory;
    return 0;
}

int store_engine_open(struct event_base *base, const struct store_options *options,
                      struct store_engine **engine, char *message, size_t size)
{
    struct form form = {0};

    if (!parse(options->where, &form)) {
        snprintf(message, size, "store: '%.*s%s' is not allowed (allowed: " FORMS ")",
                 SHOWN(options->where));
        return -EINVAL;
    }
    if (!form.in_memory)
        return open_place(base, options, form.place, engine, message, size);
    return open_tiers(base, options, &form, engine, message, size);
}
