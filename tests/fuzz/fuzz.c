/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "fuzz.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "compressor.h"
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

/* A number of KiB, or of the unit, as bytes; more than any that is allowed if it is. */
static uint64_t bytes_of(const char *digits, size_t nr, char unit)
{
    const unsigned int shift = unit == 'M' ? 20 : unit == 'G' ? 30 : 10;
    uint64_t number = 0;

    for (size_t i = 0; i < nr && number <= MAX_KIB; i++)
        number = number * 10 + (uint64_t)(digits[i] - '0');
    return number > UINT64_C(1) << 30 ? UINT64_MAX : number << shift;
}

bool fuzz_store(const char *text)
{
    static const char place[] = "^(/|nbds?://|nbds?[+]unix://)";
    static const char memory[] = "^memory(:([0-9]+)([KMG]?))?(,(/|nbds?://|nbds?[+]unix://).*)?$";
    static regex_t in_memory, at_place; /* compiling them takes its time */
    static bool are_compiled;
    regmatch_t found[4];
    uint64_t bytes;

    if (!are_compiled)
        assert_int_equal(regcomp(&in_memory, memory, REG_EXTENDED) ||
                             regcomp(&at_place, place, REG_EXTENDED | REG_NOSUB),
                         0);
    are_compiled = true;
    if (regexec(&in_memory, text, 4, found, 0))
        return !regexec(&at_place, text, 0, NULL, 0);
    if (found[2].rm_so < 0)
        return true;
    bytes = bytes_of(text + found[2].rm_so, (size_t)(found[2].rm_eo - found[2].rm_so),
                     text[found[3].rm_so]);
    return bytes >= UINT64_C(1) << 20 && bytes <= UINT64_C(1) << 38;
}

void fuzz_check_settings(const struct settings *settings)
{
    assert_true(!settings->store || fuzz_store(settings->store));
    assert_true(settings->directory[0] == '/');
    assert_true(policy_is_known(settings->policy));
    assert_true(compressor_is_known(settings->compression));
    assert_in_range(settings->connections, 1, 16);
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
