/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values in xenstore, each a string: those of the settings, read at the start, and then targets. A
 * start is refused for a bad value, with its path; a bad target leaves the last one in force.
 */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance.h"
#include "capture.h"
#include "daemon.h"
#include "fake_engine.h"
#include "fake_xen.h"
#include "fake_xs.h"
#include "fuzz.h"
#include "loop.h"
#include "options.h"

#define NR_GFNS 32u
#define PAGING "/libxl/7/paging/"
#define KIB_PER_PAGE 4

/* An empty string: no node. The pages stay in memory whatever the store is said to be. */
static void set_nodes(struct fuzz_input *in)
{
    const char *key;

    for (unsigned int i = 0; (key = settings_key(i)); i++) {
        char path[64], *value = fuzz_text(in);

        snprintf(path, sizeof(path), PAGING "%s", key);
        if (value[0])
            fake_xs_set(path, value);
        free(value);
    }
}

static uint64_t rounded_up(uint64_t kib)
{
    return kib / KIB_PER_PAGE + (kib % KIB_PER_PAGE != 0);
}

static uint64_t in_force(const struct daemon *d, uint64_t kib)
{
    uint64_t pages = rounded_up(kib), least = rounded_up(d->settings.target_min);

    return pages && pages < least ? least : pages;
}

static void follow_targets(struct daemon *d, struct fuzz_input *in)
{
    uint64_t last = balance_target(d->balance);

    while (!fuzz_is_over(in)) {
        char *value = fuzz_text(in);
        uint64_t kib;

        if (fuzz_kib(value, &kib))
            last = in_force(d, kib);
        daemon_target_changed(d, value);
        assert_int_equal(balance_target(d->balance), last);
        loop_settle(d->base);
        free(value);
    }
}

static bool has_ended(void *arg)
{
    return ((struct daemon *)arg)->ending != NOT_ENDED;
}

static void drain(struct daemon *d)
{
    balance_drain(d->balance);
    loop_until(d->base, has_ended, d);
    assert_int_equal(d->ending, DRAINED);
    assert_int_equal(fake_xen_resident(), NR_GFNS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct options options = {.domid = FAKE_DOMID, .nr_settings = 1};
    struct daemon d = {.options = &options};
    int rc;

    be_quiet(true);
    fake_xen_create(NR_GFNS);
    fake_xs_reset();
    fake_xs_set("/local/domain/7", "");
    fake_engine_reset();
    fake_engine.in_use = true;
    options.settings[0].key = "store";
    options.settings[0].value = "/nowhere";
    set_nodes(&in);
    rc = daemon_start(&d);
    if (rc) {
        fuzz_check_refusal(rc, d.message, PAGING);
    } else {
        fuzz_check_settings(&d.settings);
        follow_targets(&d, &in);
        drain(&d);
    }
    daemon_clean_up(&d);
    fake_xen_assert_no_complaint();
    assert_int_equal(fake_xs_nr_open(), 0);
    fake_xen_destroy();
    return 0;
}
