/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "fake_engine.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "failing.h"
#include "io_list.h"
#include "kill_points.h"
#include "page.h"
#include "priorities.h"
#include "store_engine.h"

#define MAX_SLOTS 65536

int __real_store_file_open(struct event_base *base, const char *path, uint64_t id,
                           struct store_engine **engine, char *message, size_t size);
int __wrap_store_file_open(struct event_base *base, const char *path, uint64_t id,
                           struct store_engine **engine, char *message, size_t size);

static struct {
    struct store_engine engine;
    struct io_list waiting;
    struct event *event;
    char *slots[MAX_SLOTS];
    uint32_t nr_used; /* none after these is */
} mem;

struct fake_engine fake_engine;

static void forget_all(void)
{
    while (mem.nr_used) {
        unfailing_free(mem.slots[--mem.nr_used]);
        mem.slots[mem.nr_used] = NULL;
    }
}

void fake_engine_reset(void)
{
    forget_all();
    fake_engine = (struct fake_engine){.max_slots = MAX_SLOTS, .error = -EIO};
}

static bool is_write(const struct store_io *io)
{
    return io->urgency == STORE_PAGE_OUT;
}

static bool to_fail(unsigned int *nr)
{
    return (*nr && (*nr)--) || fail_this(EIO);
}

/* A write took its bytes when it was submitted, and whoever changes them later is wrong. */
static int do_io(struct store_io *io)
{
    char *slot = mem.slots[io->slot];

    if (is_write(io)) {
        fake_engine.nr_writes++;
        assert_memory_equal(slot, io->page, PAGE_BYTES);
        return to_fail(&fake_engine.fail_writes) ? fake_engine.error : 0;
    }
    fake_engine.nr_reads++;
    if (to_fail(&fake_engine.fail_reads))
        return fake_engine.error;
    assert_non_null(slot);
    memcpy(io->page, slot, PAGE_BYTES);
    return 0;
}

static void do_first(void)
{
    struct store_io *io = STAILQ_FIRST(&mem.waiting);

    STAILQ_REMOVE_HEAD(&mem.waiting, link);
    io->error = do_io(io);
    io->engine_done(io);
}

static void do_waiting(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg;
    while (!fake_engine.hold && !STAILQ_EMPTY(&mem.waiting))
        do_first();
}

static void take_bytes(const struct store_io *io)
{
    kill_point();
    if (!mem.slots[io->slot])
        mem.slots[io->slot] = unfailing_calloc(1, PAGE_BYTES);
    if (mem.nr_used <= io->slot)
        mem.nr_used = io->slot + 1;
    memcpy(mem.slots[io->slot], io->page, PAGE_BYTES);
}

static void engine_submit(struct store_engine *engine, struct store_io *io)
{
    assert_ptr_equal(engine, &mem.engine);
    assert_true(io->slot < fake_engine.max_slots);
    if (is_write(io))
        take_bytes(io);
    STAILQ_INSERT_TAIL(&mem.waiting, io, link);
    event_active(mem.event, EV_TIMEOUT, 0);
}

/* What was given back is gone at once, and nobody is at it any more. */
static void engine_forget(struct store_engine *engine, uint32_t slot)
{
    struct store_io *io;

    assert_ptr_equal(engine, &mem.engine);
    assert_true(slot < fake_engine.max_slots);
    STAILQ_FOREACH(io, &mem.waiting, link)
    assert_int_not_equal(io->slot, slot);
    fake_engine.nr_released++;
    unfailing_free(mem.slots[slot]);
    mem.slots[slot] = NULL;
}

static uint32_t engine_max_slots(const struct store_engine *engine)
{
    (void)engine;
    return fake_engine.max_slots;
}

static bool engine_is_outside(const struct store_engine *engine, uint32_t slot)
{
    (void)engine, (void)slot;
    return fake_engine.is_outside;
}

static uint64_t engine_id(const struct store_engine *engine)
{
    (void)engine;
    return fake_engine.id;
}

static void engine_remove(struct store_engine *engine)
{
    (void)engine;
    fake_engine.removed = true;
}

static void engine_close(struct store_engine *engine)
{
    (void)engine;
    event_free(mem.event);
    if (!fake_engine.id)
        forget_all();
}

static const struct store_engine_ops engine_ops = {
    .submit = engine_submit,
    .release = engine_forget,
    .max_slots = engine_max_slots,
    .is_outside = engine_is_outside,
    .id = engine_id,
    .remove = engine_remove,
    .close = engine_close,
};

int __wrap_store_file_open(struct event_base *base, const char *path, uint64_t id,
                           struct store_engine **engine, char *message, size_t size)
{
    if (!fake_engine.in_use)
        return __real_store_file_open(base, path, id, engine, message, size);
    (void)path, (void)id;
    mem.event = event_new(base, -1, 0, do_waiting, NULL);
    if (!mem.event) {
        snprintf(message, size, "no memory for the fake engine");
        return -ENOMEM;
    }
    event_priority_set(mem.event, PRIORITY_SERVE);
    STAILQ_INIT(&mem.waiting);
    mem.engine.ops = &engine_ops;
    *engine = &mem.engine;
    return 0;
}

/* What was in the slot before a write that is not done was no more than this. */
void fake_engine_dies(enum fake_engine_death death)
{
    static const size_t lost[] = {
        [WRITES_DONE] = 0, [WRITES_DONE_IN_PART] = PAGE_BYTES / 2, [WRITES_NOT_DONE] = PAGE_BYTES};
    struct store_io *io;

    STAILQ_FOREACH(io, &mem.waiting, link)
    if (is_write(io))
        memset(mem.slots[io->slot] + PAGE_BYTES - lost[death], 0xaa, lost[death]);
    STAILQ_INIT(&mem.waiting);
    fake_engine.hold = false;
}

const void *fake_engine_slot(uint32_t slot)
{
    return mem.slots[slot];
}

void fake_engine_corrupt(uint32_t slot)
{
    mem.slots[slot][PAGE_BYTES / 2] ^= 1;
}

void fake_engine_copy(uint32_t from, uint32_t to)
{
    memcpy(mem.slots[to], mem.slots[from], PAGE_BYTES);
}

void fake_engine_release(void)
{
    fake_engine.hold = false;
    event_active(mem.event, EV_TIMEOUT, 0);
}

void fake_engine_release_one(void)
{
    do_first();
}

unsigned int fake_engine_nr_waiting(void)
{
    unsigned int nr = 0;
    struct store_io *io;

    STAILQ_FOREACH(io, &mem.waiting, link)
    nr++;
    return nr;
}
