/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "settings.h"

#define MAX_ARGS 32

static struct options options;
static char message[256];

/* Parses a command line given as one string, its words separated by single blanks. */
static int parse(const char *line)
{
    static char words[512];
    char *argv[MAX_ARGS + 1] = {(char[]){"xenpaging2"}};
    int argc = 1;

    message[0] = '\0';
    snprintf(words, sizeof(words), "%s", line);
    for (char *word = words, *end; word && *line && argc < MAX_ARGS; word = end) {
        end = strchr(word, ' ');
        if (end)
            *end++ = '\0';
        argv[argc++] = word;
    }
    return options_parse(&options, argc, argv, message, sizeof(message));
}

static int setup(void **state)
{
    *state = NULL;
    return 0;
}

static void a_domid_is_enough(void **state)
{
    (void)state;
    assert_int_equal(parse("5"), 0);
    assert_int_equal(options.domid, 5);
    assert_int_equal(options.nr_settings, 0);
    assert_int_equal(options.log_level, LOG_LEVEL_INFO);
    assert_false(options.help || options.version);
}

static void every_legal_domid_is_taken(void **state)
{
    (void)state;
    assert_int_equal(parse("1"), 0);
    assert_int_equal(parse("32751"), 0);
    assert_int_equal(options.domid, 0x7fef);
}

static void assert_refused(const char *line, const char *what, const char *value,
                           const char *allowed)
{
    assert_int_equal(parse(line), -EINVAL);
    assert_one_line(message);
    assert_says(message, what);
    assert_says(message, value);
    assert_says(message, allowed);
}

static void a_bad_domid_is_refused_with_what_is_allowed(void **state)
{
    static const char *const bad[] = {"32752", "65536", "4294967297", "99999999999999999999",
                                      "-1",    "+1",    "0x5",        "5a",
                                      "a",     "5.0"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char line[64];

        snprintf(line, sizeof(line), "-- %s", bad[i]);
        assert_refused(line, "DOMID", bad[i], "32751");
    }
}

static void assert_cpus(const char *line, unsigned long bits)
{
    assert_int_equal(parse(line), 0);
    assert_true(options.has_cpus);
    for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        assert_int_equal(CPU_ISSET(cpu, &options.cpus) != 0, cpu < 64 && bits >> cpu & 1);
}

static void processors_are_numbers_and_ranges(void **state)
{
    (void)state;
    assert_int_equal(parse("5"), 0);
    assert_false(options.has_cpus);
    assert_cpus("--cpus=1 5", 0x2);
    assert_cpus("--cpus=0,2-3 5", 0xd);
    assert_cpus("--cpus=0-0,63 5", 0x8000000000000001);
    assert_cpus("--cpus=0 --cpus=1 5", 0x2);
    assert_int_equal(options.nr_settings, 0);
}

static void bad_processors_are_refused_with_what_is_allowed(void **state)
{
    static const char *const bad[] = {
        "x", "-1", "1-", "1,", ",1", "3-2", "1024", "0-999999999999", "1x", "1--2", "0x1"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char line[64];

        snprintf(line, sizeof(line), "--cpus=%s 5", bad[i]);
        assert_refused(line, "--cpus", bad[i], "0 to 1023");
    }
    assert_int_equal(parse("--cpus= 5"), -EINVAL);
    assert_one_line(message);
}

static void dom0_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("0"), -EINVAL);
    assert_one_line(message);
    assert_says(message, "dom0");
}

static void a_missing_domid_is_told_of(void **state)
{
    (void)state;
    assert_int_equal(parse(""), -EINVAL);
    assert_one_line(message);
    assert_says(message, "DOMID");
    assert_int_equal(parse("--target 5"), -EINVAL);
    assert_says(message, "DOMID");
}

static void a_second_domid_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("5 6"), -EINVAL);
    assert_one_line(message);
    assert_says(message, "DOMID");
}

static void settings_come_in_their_order(void **state)
{
    (void)state;
    assert_int_equal(parse("--store /a 5 --policy=sweep --store=/b"), 0);
    assert_int_equal(options.domid, 5);
    assert_int_equal(options.nr_settings, 3);
    assert_string_equal(options.settings[0].key, "store");
    assert_string_equal(options.settings[0].value, "/a");
    assert_string_equal(options.settings[1].key, "policy");
    assert_string_equal(options.settings[1].value, "sweep");
    assert_string_equal(options.settings[2].key, "store");
    assert_string_equal(options.settings[2].value, "/b");
}

static void every_setting_is_an_option(void **state)
{
    char line[64];

    (void)state;
    for (unsigned int i = 0; settings_key(i); i++) {
        snprintf(line, sizeof(line), "--%s=1 5", settings_key(i));
        assert_int_equal(parse(line), 0);
        assert_int_equal(options.nr_settings, 1);
        assert_string_equal(options.settings[0].key, settings_key(i));
        assert_says(options_usage(), settings_key(i));
    }
}

static void too_many_settings_are_refused(void **state)
{
    char line[512] = "5";

    (void)state;
    for (int i = 0; i < OPTIONS_MAX_SETTINGS; i++)
        strcat(line, " --target=1");
    assert_int_equal(parse(line), 0);
    strcat(line, " --policy=clock");
    assert_int_equal(parse(line), -EINVAL);
    assert_one_line(message);
    assert_says(message, "--policy");
    assert_says(message, "16");
}

static void a_missing_value_is_told_of(void **state)
{
    (void)state;
    assert_int_equal(parse("5 --policy"), -EINVAL);
    assert_one_line(message);
    assert_says(message, "--policy");
    assert_says(message, "missing");
}

/* The user finds what he wrote in the message. */
static void an_option_that_is_not_understood_is_named(void **state)
{
    static const struct {
        const char *line, *named;
    } bad[] = {
        {"--polic_y=clock 5", "--polic_y"},
        {"-x 5", "-x"},
        {"-vx 5", "-x"},
        {"5 --frobnicate", "--frobnicate"},
        {"--verbose=3 5", "--verbose"},
        {"--help=me 5", "--help"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(bad[i].line), -EINVAL);
        assert_one_line(message);
        assert_says(message, bad[i].named);
    }
}

static void a_bad_line_of_several_lines_is_refused_in_one(void **state)
{
    static const char *const bad[] = {"5\nerror:lost", "--no\nsuch=5 6", "--target\n=1 5", "-\n 5"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse(bad[i]), -EINVAL);
        assert_one_line(message);
    }
}

static void a_long_bad_domid_leaves_room_for_what_is_allowed(void **state)
{
    char line[400];

    (void)state;
    memset(line, '7', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    assert_int_equal(parse(line), -EINVAL);
    assert_says(message, "...' is not allowed");
    assert_says(message, "32751)");
}

static void v_says_more_and_q_says_less(void **state)
{
    (void)state;
    assert_int_equal(parse("-v 5"), 0);
    assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(parse("5 --verbose"), 0);
    assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(parse("-q 5"), 0);
    assert_int_equal(options.log_level, LOG_LEVEL_WARNING);
    assert_int_equal(parse("--quiet 5"), 0);
    assert_int_equal(options.log_level, LOG_LEVEL_WARNING);
}

static void help_and_version_need_no_domid(void **state)
{
    (void)state;
    assert_int_equal(parse("-h"), 0);
    assert_true(options.help);
    assert_int_equal(parse("--help"), 0);
    assert_true(options.help);
    assert_int_equal(parse("-V"), 0);
    assert_true(options.version);
    assert_int_equal(parse("--version"), 0);
    assert_true(options.version);
}

/* --- Over the settings that are there. --- */

static void the_command_line_goes_over_what_is_there(void **state)
{
    struct settings settings;

    (void)state;
    assert_int_equal(settings_init(&settings), 0);
    settings_set(&settings, "policy", "sweep", message, sizeof(message));
    settings_set(&settings, "store-max", "77", message, sizeof(message));
    assert_int_equal(parse("5 --policy random --target=4000"), 0);
    assert_int_equal(options_apply(&options, &settings, message, sizeof(message)), 0);
    assert_string_equal(settings.policy, "random");
    assert_int_equal(settings.target, 4000);
    assert_int_equal(settings.store_max, 77);
    settings_clear(&settings);
}

static void the_last_of_equal_options_counts(void **state)
{
    struct settings settings;

    (void)state;
    assert_int_equal(settings_init(&settings), 0);
    assert_int_equal(parse("5 --policy=sweep --target=1 --policy=random --target=2"), 0);
    assert_int_equal(options_apply(&options, &settings, message, sizeof(message)), 0);
    assert_string_equal(settings.policy, "random");
    assert_int_equal(settings.target, 2);
    settings_clear(&settings);
}

static void a_bad_value_is_refused_with_option_value_and_what_is_allowed(void **state)
{
    struct settings settings;

    (void)state;
    assert_int_equal(settings_init(&settings), 0);
    assert_int_equal(parse("--target=lots 5"), 0);
    assert_int_equal(options_apply(&options, &settings, message, sizeof(message)), -EINVAL);
    assert_one_line(message);
    assert_int_equal(strncmp(message, "--target", 8), 0);
    assert_says(message, "'lots'");
    assert_says(message, "allowed");
    settings_clear(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domid_is_enough),
        cmocka_unit_test(every_legal_domid_is_taken),
        cmocka_unit_test(a_bad_domid_is_refused_with_what_is_allowed),
        cmocka_unit_test(processors_are_numbers_and_ranges),
        cmocka_unit_test(bad_processors_are_refused_with_what_is_allowed),
        cmocka_unit_test(dom0_is_refused),
        cmocka_unit_test(a_missing_domid_is_told_of),
        cmocka_unit_test(a_second_domid_is_refused),
        cmocka_unit_test(settings_come_in_their_order),
        cmocka_unit_test(every_setting_is_an_option),
        cmocka_unit_test(too_many_settings_are_refused),
        cmocka_unit_test(a_missing_value_is_told_of),
        cmocka_unit_test(an_option_that_is_not_understood_is_named),
        cmocka_unit_test(a_bad_line_of_several_lines_is_refused_in_one),
        cmocka_unit_test(a_long_bad_domid_leaves_room_for_what_is_allowed),
        cmocka_unit_test(v_says_more_and_q_says_less),
        cmocka_unit_test(help_and_version_need_no_domid),
        cmocka_unit_test(the_command_line_goes_over_what_is_there),
        cmocka_unit_test(the_last_of_equal_options_counts),
        cmocka_unit_test(a_bad_value_is_refused_with_option_value_and_what_is_allowed),
    };

    return cmocka_run_group_tests_name("options", tests, setup, NULL);
}
