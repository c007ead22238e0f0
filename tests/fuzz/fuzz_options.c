/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: words, each ended by a zero byte. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "options.h"
#include "settings.h"

#define MAX_WORDS 40
#define MAX_DOMID 0x7fefu

/* Each word in memory of its own size, so that reading beyond its end is seen. */
static int split(struct fuzz_input *in, char **argv)
{
    int argc = 0;

    argv[argc++] = strdup("xenpaging2");
    while (argc < MAX_WORDS && !fuzz_is_over(in))
        argv[argc++] = fuzz_text(in);
    argv[argc] = NULL;
    return argc;
}

static void check_settings(const struct options *options)
{
    char message[512] = "";
    struct settings settings;
    int rc;

    assert_in_range(options->nr_settings, 0, OPTIONS_MAX_SETTINGS);
    assert_int_equal(settings_init(&settings), 0);
    rc = options_apply(options, &settings, message, sizeof(message));
    if (rc)
        fuzz_check_refusal(rc, message, "--");
    else
        fuzz_check_settings(&settings);
    settings_clear(&settings);
}

static void check_options(const struct options *options)
{
    if (options->help || options->version)
        return;
    assert_in_range(options->domid, 1, MAX_DOMID);
    assert_in_range(options->log_level, LOG_LEVEL_WARNING, LOG_LEVEL_DEBUG);
    check_settings(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    char *argv[MAX_WORDS + 1], message[512] = "";
    int argc = split(&in, argv);
    struct options options;
    int rc = options_parse(&options, argc, argv, message, sizeof(message));

    if (rc) {
        assert_int_equal(rc, -EINVAL);
        assert_one_line(message);
        assert_true(strchr(message, ':') != NULL); /* it names what is wrong */
    } else {
        check_options(&options);
    }
    while (argc)
        free(argv[--argc]);
    return 0;
}
