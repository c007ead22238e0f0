/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "fuzz.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "settings.h"

#define MAX_KIB (UINT64_C(1) << 42)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

bool fuzz_is_over(const struct fuzz_input *in)
{
    return !in->size;
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
    if (!in->size)
        return 0;
    in->size--;
    return *in->data++;
}

static uint64_t take_number(struct fuzz_input *in, unsigned int nr_bytes)
{
    uint64_t value = 0;

    while (nr_bytes--)
        value = value << 8 | fuzz_byte(in);
    return value;
}

uint32_t fuzz_u32(struct fuzz_input *in)
{
    return (uint32_t)take_number(in, 4);
}

uint64_t fuzz_u64(struct fuzz_input *in)
{
    return take_number(in, 8);
}

char *fuzz_text(struct fuzz_input *in)
{
    size_t len = in->size ? strnlen((const char *)in->data, in->size) : 0;
    size_t taken = len < in->size ? len + 1 : len;
    char *text = malloc(len + 1);

    assert_non_null(text);
    if (len)
        memcpy(text, in->data, len);
    text[len] = '\0';
    in->data += taken;
    in->size -= taken;
    return text;
}

bool fuzz_kib(const char *text, uint64_t *kib)
{
    size_t first = 0, end = strlen(text);

    while (first < end && isspace((unsigned char)text[first]))
        first++;
    while (end > first && isspace((unsigned char)text[end - 1]))
        end--;
    *kib = 0;
    for (size_t i = first; i < end; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *kib = *kib * 10 + (uint64_t)(text[i] - '0');
        if (*kib > MAX_KIB)
            return false;
    }
    return first < end;
}

void fuzz_check_settings(const struct settings *settings)
{
    assert_true(!settings->store || settings->store[0] == '/');
    assert_true(settings->directory[0] == '/');
    assert_true(policy_is_known(settings->policy));
    assert_in_range(settings->target, 0, MAX_KIB);
    assert_in_range(settings->target_min, 0, MAX_KIB);
    assert_in_range(settings->store_max, 0, MAX_KIB);
    assert_true(settings->has_target || !settings->target);
}

static bool begins_with_key(const char *text)
{
    const char *key;

    for (unsigned int i = 0; (key = settings_key(i)); i++)
        if (!strncmp(text, key, strlen(key)) && !strncmp(text + strlen(key), ": '", 3))
            return true;
    return false;
}

void fuzz_check_refusal(int rc, const char *message, const char *prefix)
{
    assert_int_equal(rc, -EINVAL);
    assert_one_line(message);
    assert_int_equal(strncmp(message, prefix, strlen(prefix)), 0);
    assert_true(begins_with_key(message + strlen(prefix)));
    assert_says(message, "is not allowed (allowed: ");
    assert_int_equal(message[strlen(message) - 1], ')');
}
