/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names are stores. What each engine does is in a test of its own. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "failing.h"
#include "loop.h"
#include "store.h"
#include "store_seal.h"

static const char *const good[] = {
    "/",
    "/dev/vg0/pages",
    "/memory:1G",
    "/with, a comma",
    "memory",
    "memory:1M",
    "memory:1024",
    "memory:1024K",
    "memory:3G",
    "memory:256G",
    "memory,/path",
    "memory:256M,/path",
    "memory:256M,/with, a comma",
    "nbd://host",
    "nbds://host:10809/export",
    "nbd+unix:///?socket=/run/nbd",
    "nbds+unix:///export?socket=/run/nbd&tls-certificates=/etc/keys",
    "memory,nbd://host",
};

static const char *const bad[] = {
    "",
    "relative",
    "./x",
    "http://host/",
    "file:///x",
    "Memory",
    "memory ",
    "memory/",
    "memory:",
    "memory:0",
    "memory:1023K",
    "memory:257G",
    "memory:18446744073709551617",
    "memory:9999999999999999999999",
    "memory:1T",
    "memory:1MB",
    "memory:-1M",
    "memory: 1M",
    "memory:M",
    "memory:1.5G",
    "memory,",
    "memory:1M,",
    "memory:1M,path",
    "memory:1M,memory",
    "memory:1M /path",
    "nbd:/host",
    "nbd",
    "NBD://host",
    "nbd+ssh://host",
};

#define NR(list) (sizeof(list) / sizeof((list)[0]))

static void each_form_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(good); i++)
        if (!store_form_is_known(good[i]))
            fail_msg("'%s' is a store", good[i]);
}

static void what_is_of_another_form_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(bad); i++)
        if (store_form_is_known(bad[i]))
            fail_msg("'%s' is no store", bad[i]);
}

/* Whoever opens it without having asked is told, too. */
static void an_unknown_form_is_refused_in_one_line(void **state)
{
    struct event_base *base = loop_create();
    const struct holdings before = holdings_now();

    (void)state;
    for (size_t i = 0; i < NR(bad); i++) {
        const struct store_options options = {.where = bad[i]};
        struct store *store;
        char message[512] = "";

        assert_int_equal(store_open(base, &options, &store, message, sizeof(message)), -EINVAL);
        assert_one_line(message);
        assert_says(message, bad[i]);
        assert_says(message, store_forms());
        assert_holds(&before);
    }
    event_base_free(base);
}

/* What was opened first is closed if what is behind it cannot be. */
static void tiers_whose_last_cannot_be_opened_leave_nothing_behind(void **state)
{
    const struct store_options options = {.where = "memory:1M,/not/there/at/all"};
    struct event_base *base = loop_create();
    const struct holdings before = holdings_now();
    struct store *store;
    char message[512] = "";

    (void)state;
    assert_int_equal(store_open(base, &options, &store, message, sizeof(message)), -ENOENT);
    assert_says(message, "'/not/there/at/all'");
    assert_holds(&before);
    event_base_free(base);
}

/* What is there stays as it was written, and is of no use without its key. */
static void what_cannot_be_read_is_refused_before_it_is_opened(void **state)
{
    static const struct store_secret secret = {.id = 1}, other = {.id = 2};
    static const struct {
        enum store_encryption encryption;
        uint64_t key_id;
        const struct store_secret *secret;
        const char *why;
    } cases[] = {
        {STORE_ENCRYPT_YES, 0, &secret, "not encrypted, and stay so"},
        {STORE_ENCRYPT_NO, 1, &secret, "are encrypted, and stay so"},
        {STORE_ENCRYPT_BY_DEFAULT, 1, &secret, "are encrypted, and stay so"},
        {STORE_ENCRYPT_YES, 1, NULL, "the key of the pages in it is gone"},
        {STORE_ENCRYPT_YES, 1, &other, "the key of the pages in it is gone"},
        {STORE_ENCRYPT_YES, 1, &secret, "cannot be opened"},
        {STORE_ENCRYPT_NO, 0, NULL, "cannot be opened"},
    };
    struct event_base *base = loop_create();

    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        const struct store_options options = {.where = "/not/there/at/all",
                                              .encryption = cases[i].encryption,
                                              .secret = cases[i].secret,
                                              .id = 4711,
                                              .key_id = cases[i].key_id};
        struct store *store;
        char message[512] = "";

        assert_true(store_open(base, &options, &store, message, sizeof(message)) < 0);
        assert_one_line(message);
        assert_says(message, "'/not/there/at/all'");
        assert_says(message, cases[i].why);
    }
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_known),
        cmocka_unit_test(what_is_of_another_form_is_not),
        cmocka_unit_test(an_unknown_form_is_refused_in_one_line),
        cmocka_unit_test(tiers_whose_last_cannot_be_opened_leave_nothing_behind),
        cmocka_unit_test(what_cannot_be_read_is_refused_before_it_is_opened),
    };

    return cmocka_run_group_tests_name("store_engines", tests, NULL, NULL);
}
