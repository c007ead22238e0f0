/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of settings, one after the other: a byte for the key, and a string for the value. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compressor.h"
#include "fuzz.h"
#include "policy.h"
#include "settings.h"

#define NR_KEYS 9

static bool is_allowed(const char *key, const char *value, uint64_t *kib)
{
    if (!strcmp(key, "store"))
        return fuzz_store(value);
    if (!strcmp(key, "directory"))
        return value[0] == '/';
    if (!strcmp(key, "compression"))
        return compressor_is_known(value);
    if (!strcmp(key, "policy"))
        return policy_is_known(value);
    if (!strcmp(key, "encrypt")) {
        *kib = !strcmp(value, "yes") ? STORE_ENCRYPT_YES : STORE_ENCRYPT_NO;
        return !strcmp(value, "yes") || !strcmp(value, "no");
    }
    if (!strcmp(key, "nbd-connections"))
        return fuzz_kib(value, kib) && *kib >= 1 && *kib <= 16;
    return fuzz_kib(value, kib);
}

/* What a key has in settings, as a number or as a string. */
static uint64_t number_of(const struct settings *s, const char *key)
{
    if (!strcmp(key, "target-min"))
        return s->target_min;
    if (!strcmp(key, "nbd-connections"))
        return s->connections;
    if (!strcmp(key, "encrypt"))
        return s->encryption;
    return !strcmp(key, "target") ? s->target : s->store_max;
}

static const char *text_of(const struct settings *s, const char *key)
{
    if (!strcmp(key, "store"))
        return s->store;
    if (!strcmp(key, "directory"))
        return s->directory;
    if (!strcmp(key, "compression"))
        return s->compression;
    return !strcmp(key, "policy") ? s->policy : NULL;
}

static void check_accepted(const struct settings *s, const char *key, const char *value,
                           uint64_t kib)
{
    if (text_of(s, key))
        assert_string_equal(text_of(s, key), value);
    else
        assert_int_equal(number_of(s, key), kib);
}

/* A refused value changes nothing: the strings are even the same ones. */
static void set_and_check(struct settings *s, const char *key, const char *value)
{
    const struct settings before = *s;
    char message[256] = "";
    uint64_t kib = 0;
    bool allowed = is_allowed(key, value, &kib);
    int rc = settings_set(s, key, value, message, sizeof(message));

    assert_int_equal(rc, allowed ? 0 : -EINVAL);
    if (allowed) {
        check_accepted(s, key, value, kib);
    } else {
        fuzz_check_refusal(rc, message, "");
        assert_memory_equal(s, &before, sizeof(before));
    }
    fuzz_check_settings(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct settings settings;

    memset(&settings, 0, sizeof(settings));
    assert_int_equal(settings_init(&settings), 0);
    while (!fuzz_is_over(&in)) {
        const char *key = settings_key(fuzz_byte(&in) % NR_KEYS);
        char *value = fuzz_text(&in);

        set_and_check(&settings, key, value);
        free(value);
    }
    settings_clear(&settings);
    return 0;
}
