/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An index that something has happened to: a daemon pages out and is broken off, bytes of its index
 * are changed or cut off, and another daemon starts. It refuses with one line, or takes over; then
 * whatever the guest gets of its pages is as it was, and what cannot be had is said to be so.
 *
 * The input is a list of changes: what, where, and the new value.
 */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balance.h"
#include "capture.h"
#include "daemon.h"
#include "evict.h"
#include "fake_engine.h"
#include "fake_time.h"
#include "fake_xen.h"
#include "fake_xs.h"
#include "fuzz.h"
#include "index.h"
#include "loop.h"
#include "options.h"
#include "page.h"
#include "store_seal.h"

#define NR_GFNS 48u
#define RESIDENT 16u
#define SEALS_OFFSET ((off_t)PAGE_BYTES + (off_t)sizeof(uint32_t) * (INT64_C(1) << 32))
#define PARTS_OFFSET                                                                               \
    (SEALS_OFFSET + (off_t)sizeof(struct index_seal) * (INT64_C(1) << 32) + (INT64_C(1) << 29))
#define SLOTS_OFFSET (PARTS_OFFSET + (INT64_C(1) << 20))
#define SERVE_MS 100

enum what { HEADER, ENTRY, RECORD, LENGTH, PARTS, SEAL, NR_WHATS };

static char store[64], path[80];
static struct store_secret secret;

static void write_at(int fd, const void *data, size_t bytes, off_t offset)
{
    if (pwrite(fd, data, bytes, offset) != (ssize_t)bytes)
        abort();
}

static void change_header(int fd, struct fuzz_input *in)
{
    uint8_t value = fuzz_byte(in);

    write_at(fd, &value, 1, fuzz_u32(in) % PAGE_BYTES);
}

/* That a page is one of zeros nobody can tell to be wrong, and few wrong bits do not say so. */
static void change_entry(int fd, struct fuzz_input *in)
{
    uint32_t gfn = fuzz_byte(in) % NR_GFNS, value = fuzz_u32(in);

    if (value != INDEX_ZERO)
        write_at(fd, &value, sizeof(value), PAGE_BYTES + (off_t)gfn * (off_t)sizeof(value));
}

static void change_parts(int fd, struct fuzz_input *in)
{
    uint8_t value = fuzz_byte(in);

    write_at(fd, &value, 1, PARTS_OFFSET + fuzz_byte(in) % 2);
}

static void change_record(int fd, struct fuzz_input *in)
{
    uint32_t slot = fuzz_byte(in) % NR_GFNS, word = fuzz_byte(in) % 4, value = fuzz_u32(in);

    write_at(fd, &value, sizeof(value),
             SLOTS_OFFSET + (off_t)slot * (off_t)sizeof(struct index_slot) + word * 4);
}

/* Of no consequence where pages are not encrypted. */
static void change_seal(int fd, struct fuzz_input *in)
{
    uint32_t slot = fuzz_byte(in) % NR_GFNS, at = fuzz_byte(in) % sizeof(struct index_seal);
    uint8_t value = fuzz_byte(in);

    write_at(fd, &value, 1, SEALS_OFFSET + (off_t)slot * (off_t)sizeof(struct index_seal) + at);
}

static void change_length(int fd, struct fuzz_input *in)
{
    static const off_t lengths[] = {0, 1, 100, PAGE_BYTES, PAGE_BYTES + 50, SLOTS_OFFSET};
    uint8_t which = fuzz_byte(in);

    if (ftruncate(fd, lengths[which % (sizeof(lengths) / sizeof(lengths[0]))] + which / 64 * 16))
        abort();
}

static void change_index(struct fuzz_input *in)
{
    static void (*const changes[NR_WHATS])(int fd, struct fuzz_input *in) = {
        [HEADER] = change_header, [ENTRY] = change_entry, [RECORD] = change_record,
        [LENGTH] = change_length, [PARTS] = change_parts, [SEAL] = change_seal,
    };
    int fd = open(path, O_RDWR | O_CLOEXEC);

    while (!fuzz_is_over(in))
        changes[fuzz_byte(in) % NR_WHATS](fd, in);
    close(fd);
}

static bool target_is_reached(void *arg)
{
    struct daemon *d = arg;

    return fake_xen_resident() <= RESIDENT && !evict_is_busy(d->evict);
}

static void page_out_and_break_off(struct options *options)
{
    struct daemon d = {.options = options, .secret = &secret};

    assert_int_equal(daemon_start(&d), 0);
    balance_set_target(d.balance, RESIDENT);
    loop_until(d.base, target_is_reached, &d);
    loop_settle(d.base);
    daemon_clean_up(&d);
}

/* Each page that comes in is checked by the fake hypervisor. */
static void let_guest_ask(struct daemon *d)
{
    balance_set_target(d->balance, 0);
    for (uint32_t gfn = 0; gfn < NR_GFNS - 1; gfn++) {
        if (!guest_is_waiting(gfn % FAKE_VCPUS))
            guest_read(gfn % FAKE_VCPUS, gfn);
        loop_for(d->base, 1);
    }
    loop_for(d->base, SERVE_MS);
    fake_xen_assert_no_complaint();
}

static void take_over(struct options *options)
{
    struct daemon d = {.options = options, .secret = &secret};
    int rc;

    secret.epoch++;
    rc = daemon_start(&d);

    if (rc)
        assert_one_line(d.message);
    else
        let_guest_ask(&d);
    daemon_clean_up(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct options options = {.domid = FAKE_DOMID, .nr_settings = 3};

    snprintf(store, sizeof(store), "/tmp/fuzz_index-%d", (int)getpid());
    snprintf(path, sizeof(path), "%s.index", store);
    unlink(path);
    be_quiet(true);
    fake_time_begin();
    fake_xen_patch(size % 2);
    fake_xen_create(NR_GFNS);
    fake_xs_reset();
    fake_xs_set("/local/domain/7", "");
    fake_engine_reset();
    fake_engine.in_use = true;
    fake_engine.id = 4711;
    options.settings[0].key = "store";
    options.settings[0].value = store;
    options.settings[1].key = "target-min";
    options.settings[1].value = "16";
    options.settings[2].key = "encrypt";
    options.settings[2].value = size / 2 % 2 ? "yes" : "no";
    secret = (struct store_secret){.key = "thirty-two bytes that are no one", .id = 1, .epoch = 1};
    page_out_and_break_off(&options);
    change_index(&in);
    take_over(&options);
    fake_xen_assert_no_complaint();
    fake_xen_destroy();
    fake_time_end();
    unlink(path);
    return 0;
}
