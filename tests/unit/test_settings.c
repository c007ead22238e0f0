/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "failing.h"
#include "settings.h"

static char message[256];

static int setup(void **state)
{
    static struct settings settings;

    message[0] = '\0';
    *state = &settings;
    return settings_init(&settings);
}

static int teardown(void **state)
{
    settings_clear(*state);
    return 0;
}

static int set(struct settings *settings, const char *key, const char *value)
{
    return settings_set(settings, key, value, message, sizeof(message));
}

static void the_defaults_are_those_of_the_manual(void **state)
{
    const struct settings *s = *state;

    assert_null(s->store);
    assert_string_equal(s->directory, "/var/lib/xen/xenpaging");
    assert_string_equal(s->policy, "clock");
    assert_string_equal(s->compression, "lz4");
    assert_int_equal(s->connections, 4);
    assert_int_equal(s->encryption, STORE_ENCRYPT_BY_DEFAULT);
    assert_int_equal(s->target, 0);
    assert_false(s->has_target);
    assert_int_equal(s->target_min, 16384);
    assert_int_equal(s->store_max, 0);
}

static void each_key_sets_its_own_value(void **state)
{
    const struct settings *s = *state;

    assert_int_equal(set(*state, "store", "/dev/sdx"), 0);
    assert_int_equal(set(*state, "directory", "/tmp"), 0);
    assert_int_equal(set(*state, "policy", "random"), 0);
    assert_int_equal(set(*state, "target", "1000"), 0);
    assert_int_equal(set(*state, "target-min", "2000"), 0);
    assert_int_equal(set(*state, "store-max", "3000"), 0);
    assert_int_equal(set(*state, "compression", "zstd"), 0);
    assert_int_equal(set(*state, "nbd-connections", "16"), 0);
    assert_int_equal(set(*state, "encrypt", "yes"), 0);
    assert_string_equal(s->store, "/dev/sdx");
    assert_string_equal(s->directory, "/tmp");
    assert_string_equal(s->policy, "random");
    assert_int_equal(s->target, 1000);
    assert_true(s->has_target);
    assert_int_equal(s->target_min, 2000);
    assert_int_equal(s->store_max, 3000);
    assert_string_equal(s->compression, "zstd");
    assert_int_equal(s->connections, 16);
    assert_int_equal(s->encryption, STORE_ENCRYPT_YES);
    assert_int_equal(set(*state, "encrypt", "no"), 0);
    assert_int_equal(s->encryption, STORE_ENCRYPT_NO);
}

static void a_key_can_be_set_twice(void **state)
{
    const struct settings *s = *state;

    assert_int_equal(set(*state, "store", "/a"), 0);
    assert_int_equal(set(*state, "store", "/b"), 0);
    assert_string_equal(s->store, "/b");
}

static void an_unknown_key_is_not_there(void **state)
{
    assert_int_equal(set(*state, "taget", "1"), -ENOENT);
    assert_int_equal(set(*state, "", "1"), -ENOENT);
    assert_int_equal(set(*state, "Target", "1"), -ENOENT);
}

static void the_keys_can_be_walked_over(void **state)
{
    unsigned int nr = 0;

    for (const char *key; (key = settings_key(nr)); nr++)
        assert_int_not_equal(set(*state, key, "1"), -ENOENT);
    assert_int_equal(nr, 9);
    assert_null(settings_key(UINT32_MAX));
}

/* --- Bad values. --- */

static const struct {
    const char *key, *value, *allowed;
} bad[] = {
    {"store", "", "PLACE, memory[:SIZE]"},
    {"store", "relative/path", "PLACE: /PATH, nbd://"},
    {"store", "memory:1", "SIZE: 1M to 256G"},
    {"encrypt", "", "yes, no"},
    {"encrypt", "1", "yes, no"},
    {"nbd-connections", "0", "a number from 1 to 16"},
    {"nbd-connections", "17", "a number from 1 to 16"},
    {"nbd-connections", "many", "a number from 1 to 16"},
    {"compression", "", "lz4, zstd"},
    {"compression", "gzip", "lz4, zstd"},
    {"directory", "", "absolute path"},
    {"directory", "~/pages", "absolute path"},
    {"policy", "", "clock, random, sweep"},
    {"policy", "lru", "clock, random, sweep"},
    {"policy", "clock ", "clock, random, sweep"},
    {"target", "", "a number from 0 to 4398046511104"},
    {"target", "-1", "a number from 0 to 4398046511104"},
    {"target", "4398046511105", "a number from 0 to 4398046511104"},
    {"target-min", "1 000", "a number from 0 to 4398046511104"},
    {"target-min", "12k", "a number from 0 to 4398046511104"},
    {"store-max", "0x10", "a number from 0 to 4398046511104"},
    {"store-max", "1.5", "a number from 0 to 4398046511104"},
};

#define NR_BAD (sizeof(bad) / sizeof(bad[0]))

static void a_bad_value_is_refused_with_key_value_and_what_is_allowed(void **state)
{
    char quoted[64];

    for (size_t i = 0; i < NR_BAD; i++) {
        assert_int_equal(set(*state, bad[i].key, bad[i].value), -EINVAL);
        assert_one_line(message);
        assert_int_equal(strncmp(message, bad[i].key, strlen(bad[i].key)), 0);
        snprintf(quoted, sizeof(quoted), "'%s'", bad[i].value);
        assert_says(message, quoted);
        assert_says(message, bad[i].allowed);
    }
}

static void a_bad_value_changes_nothing(void **state)
{
    const struct settings *s = *state;

    each_key_sets_its_own_value(state);
    for (size_t i = 0; i < NR_BAD; i++)
        set(*state, bad[i].key, bad[i].value);
    assert_string_equal(s->store, "/dev/sdx");
    assert_string_equal(s->directory, "/tmp");
    assert_string_equal(s->policy, "random");
    assert_int_equal(s->target, 1000);
    assert_int_equal(s->target_min, 2000);
    assert_int_equal(s->store_max, 3000);
    assert_string_equal(s->compression, "zstd");
    assert_int_equal(s->connections, 16);
    assert_int_equal(s->encryption, STORE_ENCRYPT_NO);
}

static void a_bad_target_is_no_target(void **state)
{
    const struct settings *s = *state;

    assert_int_equal(set(*state, "target", "much"), -EINVAL);
    assert_false(s->has_target);
}

static void a_bad_value_of_several_lines_is_refused_in_one(void **state)
{
    assert_int_equal(set(*state, "target", "1\nerror: all is lost"), -EINVAL);
    assert_one_line(message);
    assert_int_equal(set(*state, "store", "a\nb"), -EINVAL);
    assert_one_line(message);
}

static void a_long_bad_value_leaves_room_for_what_is_allowed(void **state)
{
    char value[1000];

    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (unsigned int i = 0; settings_key(i); i++) {
        assert_int_equal(set(*state, settings_key(i), value), -EINVAL);
        assert_says(message, "'xxxxxxxx");
        assert_says(message, "...' is not allowed (allowed: ");
        assert_int_equal(message[strlen(message) - 1], ')');
    }
}

static void a_long_message_is_cut_and_not_overrun(void **state)
{
    char value[1000], small[16] = "aaaaaaaaaaaaaaa";

    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    assert_int_equal(settings_set(*state, "policy", value, small, 10), -EINVAL);
    assert_int_equal(strlen(small), 9);
    assert_string_equal(small + 10, "aaaaa");
}

/* --- Numbers. --- */

static void numbers_may_have_white_space_around_them(void **state)
{
    static const char *const texts[] = {"42", " 42", "42\n", "\t42 \n", "0000042"};
    uint64_t kib;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        kib = 0;
        assert_int_equal(settings_parse_kib(texts[i], &kib), 0);
        assert_int_equal(kib, 42);
    }
}

static void the_largest_number_is_4_pib(void **state)
{
    uint64_t kib = 7;

    (void)state;
    assert_int_equal(settings_parse_kib("4398046511104", &kib), 0);
    assert_int_equal(kib, UINT64_C(1) << 42);
    assert_int_equal(settings_parse_kib("4398046511105", &kib), -EINVAL);
    assert_int_equal(settings_parse_kib("18446744073709551615", &kib), -EINVAL);
    assert_int_equal(settings_parse_kib("18446744073709551616", &kib), -EINVAL);
    assert_int_equal(settings_parse_kib("99999999999999999999999999", &kib), -EINVAL);
    assert_int_equal(kib, UINT64_C(1) << 42); /* as it was */
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const texts[] = {"",   " ",  "-0", "+1",   "0x1",  "1e3", "1 2",
                                        "1k", "k1", "--", "\xff", "1\v2", "NaN", "inf"};
    uint64_t kib = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (settings_parse_kib(texts[i], &kib) != -EINVAL)
            fail_msg("'%s' is taken for a number", texts[i]);
    assert_int_equal(kib, 7);
}

/* --- Memory. --- */

static int init_and_set_all(void *arg)
{
    struct settings settings;
    int rc = settings_init(&settings);

    (void)arg;
    if (rc)
        return rc;
    rc = set(&settings, "store", "/a");
    if (!rc)
        rc = set(&settings, "directory", "/b");
    if (!rc)
        rc = set(&settings, "policy", "sweep");
    if (rc) {
        assert_one_line(message);
        assert_non_null(settings.directory);
        assert_string_equal(settings.policy, "clock");
    }
    settings_clear(&settings);
    return rc;
}

static void no_memory_changes_nothing(void **state)
{
    (void)state;
    check_every_failure(init_and_set_all, NULL);
}

static void clearing_twice_is_allowed(void **state)
{
    settings_clear(*state);
    settings_clear(*state);
}

#define WITH_SETTINGS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SETTINGS(the_defaults_are_those_of_the_manual),
        WITH_SETTINGS(each_key_sets_its_own_value),
        WITH_SETTINGS(a_key_can_be_set_twice),
        WITH_SETTINGS(an_unknown_key_is_not_there),
        WITH_SETTINGS(the_keys_can_be_walked_over),
        WITH_SETTINGS(a_bad_value_is_refused_with_key_value_and_what_is_allowed),
        WITH_SETTINGS(a_bad_value_changes_nothing),
        WITH_SETTINGS(a_bad_target_is_no_target),
        WITH_SETTINGS(a_bad_value_of_several_lines_is_refused_in_one),
        WITH_SETTINGS(a_long_bad_value_leaves_room_for_what_is_allowed),
        WITH_SETTINGS(a_long_message_is_cut_and_not_overrun),
        cmocka_unit_test(numbers_may_have_white_space_around_them),
        cmocka_unit_test(the_largest_number_is_4_pib),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(no_memory_changes_nothing),
        WITH_SETTINGS(clearing_twice_is_allowed),
    };

    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
