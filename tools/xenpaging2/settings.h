/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the user can set, wherever it is set: the keys below /libxl/<domid>/paging in xenstore and
 * the long options of the command line have the same names and the same rules.
 */
#ifndef XENPAGING2_SETTINGS_H
#define XENPAGING2_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct settings {
    char *store;       /* see store_forms(); NULL: a file in directory */
    char *directory;   /* where the file goes */
    char *policy;      /* a name that policy_create() takes */
    char *compression; /* a name that compressor_create() takes */
    uint64_t target;   /* KiB; 0: no limit. From the command line: xenstore is not asked */
    bool has_target;
    uint64_t target_min;      /* KiB */
    uint64_t store_max;       /* KiB; 0: no limit */
    unsigned int connections; /* to an NBD server, from 1 to STORE_MAX_CONNECTIONS */
    enum store_encryption encryption;
};

/* All defaults. Returns 0 or -ENOMEM. Free the contents with settings_clear(). */
int settings_init(struct settings *settings);
void settings_clear(struct settings *settings);

/*
 * Sets one key: "store", "directory", "policy", "target", "target-min", "store-max",
 * "compression", "nbd-connections", "encrypt". Returns 0, -ENOENT for an unknown key, or -EINVAL or
 * -ENOMEM with the settings unchanged and a line in message (size bytes) that names the key, the
 * value and what is allowed.
 */
int settings_set(struct settings *settings, const char *key, const char *value, char *message,
                 size_t size);

/* The keys, to walk over; NULL after the last. */
const char *settings_key(unsigned int i);

/*
 * An amount of memory in KiB as a decimal number, up to 2^42 (4 PiB). White space around it is
 * allowed, nothing else. Returns 0 or -EINVAL.
 */
int settings_parse_kib(const char *text, uint64_t *kib);

#endif
