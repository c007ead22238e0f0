/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compressor.h"
#include "one_line.h"
#include "policy.h"
#include "store.h"

#define DEFAULT_DIRECTORY "/var/lib/xen/xenpaging"
#define DEFAULT_POLICY "clock"
#define DEFAULT_TARGET_MIN 16384
#define MAX_KIB (UINT64_C(1) << 42)

struct message {
    char *text;
    size_t size;
};

static int refuse(const struct message *message, const char *key, const char *value,
                  const char *allowed)
{
    snprintf(message->text, message->size, "%s: '%.*s%s' is not allowed (allowed: %s)", key,
             SHOWN(value), allowed);
    one_line(message->text);
    return -EINVAL;
}

static int replace(char **string, const char *value)
{
    char *copy = strdup(value);

    if (!copy)
        return -ENOMEM;
    free(*string);
    *string = copy;
    return 0;
}

static int set_path(char **path, const char *key, const char *value, const struct message *message)
{
    if (value[0] != '/')
        return refuse(message, key, value, "an absolute path");
    return replace(path, value);
}

static int set_kib(uint64_t *kib, const char *key, const char *value, const struct message *message)
{
    if (settings_parse_kib(value, kib))
        return refuse(message, key, value, "KiB, a number from 0 to 4398046511104");
    return 0;
}

static int set_store(struct settings *s, const char *key, const char *value,
                     const struct message *message)
{
    if (!store_form_is_known(value))
        return refuse(message, key, value, store_forms());
    return replace(&s->store, value);
}

static int set_directory(struct settings *s, const char *key, const char *value,
                         const struct message *message)
{
    return set_path(&s->directory, key, value, message);
}

static int set_policy(struct settings *s, const char *key, const char *value,
                      const struct message *message)
{
    if (!policy_is_known(value))
        return refuse(message, key, value, policy_names());
    return replace(&s->policy, value);
}

static int set_compression(struct settings *s, const char *key, const char *value,
                           const struct message *message)
{
    if (!compressor_is_known(value))
        return refuse(message, key, value, compressor_names());
    return replace(&s->compression, value);
}

static int set_connections(struct settings *s, const char *key, const char *value,
                           const struct message *message)
{
    uint64_t number;

    if (settings_parse_kib(value, &number) || !number || number > STORE_MAX_CONNECTIONS)
        return refuse(message, key, value, "a number from 1 to 16");
    s->connections = (unsigned int)number;
    return 0;
}

static int set_encrypt(struct settings *s, const char *key, const char *value,
                       const struct message *message)
{
    const bool yes = !strcmp(value, "yes");

    if (!yes && strcmp(value, "no") != 0)
        return refuse(message, key, value, "yes, no");
    s->encryption = yes ? STORE_ENCRYPT_YES : STORE_ENCRYPT_NO;
    return 0;
}

static int set_target(struct settings *s, const char *key, const char *value,
                      const struct message *message)
{
    int rc = set_kib(&s->target, key, value, message);

    if (!rc)
        s->has_target = true;
    return rc;
}

static int set_target_min(struct settings *s, const char *key, const char *value,
                          const struct message *message)
{
    return set_kib(&s->target_min, key, value, message);
}

static int set_store_max(struct settings *s, const char *key, const char *value,
                         const struct message *message)
{
    return set_kib(&s->store_max, key, value, message);
}

static const struct {
    const char *name;
    int (*set)(struct settings *s, const char *key, const char *value,
               const struct message *message);
} keys[] = {
    {"store", set_store},
    {"directory", set_directory},
    {"policy", set_policy},
    {"target", set_target},
    {"target-min", set_target_min},
    {"store-max", set_store_max},
    {"compression", set_compression},
    {"nbd-connections", set_connections},
    {"encrypt", set_encrypt},
};

#define NR_KEYS (sizeof(keys) / sizeof(keys[0]))

int settings_init(struct settings *settings)
{
    *settings = (struct settings){.target_min = DEFAULT_TARGET_MIN,
                                  .connections = STORE_DEFAULT_CONNECTIONS};
    settings->directory = strdup(DEFAULT_DIRECTORY);
    settings->policy = strdup(DEFAULT_POLICY);
    settings->compression = strdup(COMPRESSOR_DEFAULT);
    if (settings->directory && settings->policy && settings->compression)
        return 0;
    settings_clear(settings);
    return -ENOMEM;
}

void settings_clear(struct settings *settings)
{
    free(settings->store);
    free(settings->directory);
    free(settings->policy);
    free(settings->compression);
    *settings = (struct settings){0};
}

int settings_set(struct settings *settings, const char *key, const char *value, char *message,
                 size_t size)
{
    const struct message out = {message, size};
    int rc = -ENOENT;

    for (size_t i = 0; i < NR_KEYS; i++)
        if (!strcmp(keys[i].name, key))
            rc = keys[i].set(settings, key, value, &out);
    if (rc == -ENOMEM)
        snprintf(message, size, "%s: out of memory", key);
    return rc;
}

const char *settings_key(unsigned int i)
{
    return i < NR_KEYS ? keys[i].name : NULL;
}

int settings_parse_kib(const char *text, uint64_t *kib)
{
    unsigned long long value;
    char *end;

    while (isspace((unsigned char)*text))
        text++;
    if (!isdigit((unsigned char)*text))
        return -EINVAL;
    errno = 0;
    value = strtoull(text, &end, 10);
    while (isspace((unsigned char)*end))
        end++;
    if (*end || errno || value > MAX_KIB)
        return -EINVAL;
    *kib = value;
    return 0;
}
