/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store_faults.h"

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dom0.h"
#include "index.h"

#define SMALL "size=320k"
#define LARGE "size=64m"
#define EXPORT_BYTES (4 << 20)

/* Where things are in an index, see index.c. */
#define GFNS_OFFSET PAGE_BYTES
#define SEALS_OFFSET (GFNS_OFFSET + 4 * (UINT64_C(1) << 32))
#define SET_OFFSET (SEALS_OFFSET + sizeof(struct index_seal) * (UINT64_C(1) << 32))
#define PARTS_OFFSET (SET_OFFSET + (UINT64_C(1) << 29))
#define SLOTS_OFFSET (PARTS_OFFSET + (UINT64_C(1) << 20))
#define LIVE_OFFSET 1024

/* --- Files. --- */

static void make_file(const char *path, off_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || ftruncate(fd, size))
        err(1, "%s", path);
    close(fd);
}

static void transfer(const char *path, void *data, size_t size, uint64_t offset, bool write)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ssize_t n =
        write ? pwrite(fd, data, size, (off_t)offset) : pread(fd, data, size, (off_t)offset);

    if (n != (ssize_t)size)
        err(1, "%s", path);
    close(fd);
}

static void flip(const char *path, uint64_t offset)
{
    unsigned char byte;

    transfer(path, &byte, 1, offset, false);
    byte ^= 0x80;
    transfer(path, &byte, 1, offset, true);
}

/* The slot of a gfn that is out. */
static uint32_t slot_of(uint32_t gfn)
{
    uint32_t entry;

    transfer(scene.index, &entry, sizeof(entry), GFNS_OFFSET + 4 * (uint64_t)gfn, false);
    return entry - 1;
}

static bool is_out(uint32_t gfn)
{
    return scene.guest.domain->p2m[gfn].type == TYPE_PAGED;
}

static uint32_t one_that_is_out(void)
{
    for (uint32_t gfn = 0; gfn < NR_RAM; gfn++)
        if (is_out(gfn) && slot_of(gfn) < INDEX_MAX_SLOTS)
            return gfn;
    errx(1, "nothing is out");
}

/* --- The faults. --- */

static void server_is_replaced(void)
{
    scene_kill_server();
    scene_start_server();
}

static void reads_fail(void)
{
    make_file(scene_path("reads-fail"), 0);
}

static void writes_fail(void)
{
    make_file(scene_path("writes-fail"), 0);
}

static void nothing_fails(void)
{
    unlink(scene_path("reads-fail"));
    unlink(scene_path("writes-fail"));
}

static bool a_write_has_failed(void *arg)
{
    char line[512], name[32];
    bool found = false;
    FILE *log;

    (void)arg;
    snprintf(name, sizeof(name), "pager-%u.log", scene.guest.domain->id);
    log = fopen(scene_path(name), "re");
    while (log && !found && fgets(line, sizeof(line), log))
        found = strstr(line, "cannot write it");
    if (log)
        fclose(log);
    return found;
}

/* A guest may run on for long with what is out already, or gives room. */
static void writes_succeed(void)
{
    if (!wait_until(a_write_has_failed, NULL, PATIENCE_MS))
        complain("no write has failed");
    nothing_fails();
}

static void nothing(void)
{
}

static void resize(const char *size)
{
    char mounted[PATH_MAX];

    snprintf(mounted, sizeof(mounted), "%s", scene_path("small"));
    if (mount("none", mounted, "tmpfs", size == scene.fault->option ? 0 : MS_REMOUNT, size))
        err(1, "cannot mount a tmpfs");
}

static void file_system_grows(void)
{
    resize(LARGE);
}

static void device_goes(void)
{
    make_file(scene_path("gone"), 0);
}

/* The pager has what it had opened, which is of no use. */
static void device_is_back(void)
{
    unlink(scene_path("gone"));
    kill(scene.pager, SIGUSR2);
}

static void cut(const char *path, uint64_t size)
{
    if (truncate(path, (off_t)size))
        err(1, "%s", path);
}

static void store_is_truncated(void)
{
    cut(scene.store, PAGE_BYTES);
}

/* The worker dies of it, again and again. */
static void index_is_truncated(void)
{
    cut(scene.index, 0);
    if (dom0_await_exit(scene.pager, PATIENCE_MS) != EXIT_FAILURE)
        complain("the pager is not given up");
    scene.pager = 0;
}

static void both_are_killed(void)
{
    scene_kill_pager();
    scene_start_pager();
}

/* In each page that is out. What comes in and goes out again meanwhile is not hurt twice. */
static char hurt[NR_RAM][PAGE_BYTES];
static uint32_t slots[NR_RAM];

static void with_worker_stopped(void (*step)(uint32_t gfn))
{
    pid_t worker = dom0_child_of(scene.pager);

    kill(worker, SIGSTOP);
    host_lock();
    for (uint32_t gfn = 0; gfn < NR_RAM; gfn++)
        step(gfn);
    host_unlock();
    kill(worker, SIGCONT);
}

static uint64_t place_of(uint32_t slot)
{
    return ((uint64_t)slot + 1) * PAGE_BYTES;
}

static void hurt_page(uint32_t gfn)
{
    slots[gfn] = is_out(gfn) ? slot_of(gfn) : INDEX_MAX_SLOTS;
    if (slots[gfn] >= INDEX_MAX_SLOTS)
        return;
    flip(scene.store, place_of(slots[gfn]) + gfn);
    transfer(scene.store, hurt[gfn], PAGE_BYTES, place_of(slots[gfn]), false);
}

static void heal_page(uint32_t gfn)
{
    char page[PAGE_BYTES];

    if (slots[gfn] >= INDEX_MAX_SLOTS)
        return;
    transfer(scene.store, page, PAGE_BYTES, place_of(slots[gfn]), false);
    if (!memcmp(page, hurt[gfn], PAGE_BYTES))
        flip(scene.store, place_of(slots[gfn]) + gfn);
}

static void pages_are_hurt(void)
{
    with_worker_stopped(hurt_page);
}

static void pages_are_healed(void)
{
    with_worker_stopped(heal_page);
}

static void flip_seal(uint32_t gfn)
{
    if (is_out(gfn) && slot_of(gfn) < INDEX_MAX_SLOTS)
        flip(scene.index,
             SEALS_OFFSET + slot_of(gfn) * sizeof(struct index_seal) + scene.fault->byte);
}

static void seals_are_hurt(void)
{
    with_worker_stopped(flip_seal);
}

/* A bit of the index, while no pager is there; then another one comes. */
static void flip_index(uint64_t byte)
{
    scene_kill_pager();
    flip(scene.index, byte);
    scene_start_pager();
}

static void index_is_hurt(void)
{
    flip_index(scene.fault->byte);
}

static uint32_t chosen;

static void entry_is_hurt(void)
{
    scene_kill_pager();
    chosen = one_that_is_out();
    flip_index(GFNS_OFFSET + 4 * (uint64_t)chosen);
}

/* As of a gfn that is not out. */
static uint32_t exchange_entry(uint32_t gfn, uint32_t entry)
{
    const uint64_t offset = GFNS_OFFSET + sizeof(entry) * (uint64_t)gfn;
    uint32_t old;

    transfer(scene.index, &old, sizeof(old), offset, false);
    transfer(scene.index, &entry, sizeof(entry), offset, true);
    return old;
}

static uint32_t chosen_entry;

static void entry_is_gone(void)
{
    scene_kill_pager();
    chosen = one_that_is_out();
    chosen_entry = exchange_entry(chosen, INDEX_NONE);
    scene_start_pager();
}

static void entry_is_there(void)
{
    scene_kill_pager();
    exchange_entry(chosen, chosen_entry);
    scene_start_pager();
}

static uint64_t byte_of_record(uint32_t slot)
{
    return SLOTS_OFFSET + slot * sizeof(struct index_slot) + scene.fault->byte;
}

static uint32_t chosen_slot;

static void record_is_hurt(void)
{
    scene_kill_pager();
    chosen_slot = slot_of(one_that_is_out());
    flip_index(byte_of_record(chosen_slot));
}

static void entry_is_healed(void)
{
    flip_index(GFNS_OFFSET + 4 * (uint64_t)chosen);
}

static void record_is_healed(void)
{
    flip_index(byte_of_record(chosen_slot));
}

#define ERRORS(read, write)                                                                        \
    "--filter=error file %s/export error-pread=" read " error-pread-rate=100%% "                   \
    "error-pread-file=%s/reads-fail error-pwrite=" write " error-pwrite-rate=100%% "               \
    "error-pwrite-file=%s/writes-fail"
#define FAULT(its_name, its_begin, its_mend) .name = its_name, .begin = its_begin, .mend = its_mend
#define INDEX_BYTE(field, offset)                                                                  \
    {                                                                                              \
        FAULT("index-" field, index_is_hurt, index_is_hurt), .byte = offset                        \
    }
#define SEAL_BYTE(member)                                                                          \
    FAULT("index-seal-" #member, seals_are_hurt, NULL),                                            \
        .is_encrypted = true, .byte = offsetof(struct index_seal, member)
#define RECORD_BYTE(member)                                                                        \
    FAULT("index-record-" #member, record_is_hurt, record_is_healed),                              \
        .byte = offsetof(struct index_slot, member)

static const struct fault faults[] = {
    {FAULT("read-error", reads_fail, nothing_fails), .server = ERRORS("EIO", "EIO"),
     .is_short = true},
    {FAULT("read-error-long", reads_fail, nothing_fails), .server = ERRORS("EIO", "EIO")},
    {FAULT("write-error", writes_fail, writes_succeed), .server = ERRORS("EIO", "EIO")},
    {FAULT("write-no-space", writes_fail, writes_succeed), .server = ERRORS("EIO", "ENOSPC")},
    {FAULT("slow-reads", NULL, nothing), .server = "--filter=delay file %s/export delay-read=10ms"},
    {FAULT("slow-writes", NULL, nothing),
     .server = "--filter=delay file %s/export delay-write=100ms"},
    {FAULT("server-killed", scene_kill_server, scene_start_server), .server = "file %s/export",
     .is_short = true},
    {FAULT("server-forgets", server_is_replaced, NULL), .server = "memory 4M"},
    {FAULT("full", NULL, file_system_grows), .option = SMALL},
    {FAULT("short-transfers", NULL, nothing), .option = "1 3 short"},
    {FAULT("device-gone", device_goes, device_is_back)},
    {FAULT("store-truncated", store_is_truncated, NULL)},
    {FAULT("store-bits", pages_are_hurt, pages_are_healed)},
    {FAULT("index-truncated", index_is_truncated, NULL)},
    INDEX_BYTE("magic", 0),
    INDEX_BYTE("version", 24),
    INDEX_BYTE("page-size", 28),
    INDEX_BYTE("domain", 32),
    INDEX_BYTE("uuid", 36),
    INDEX_BYTE("store", 56),
    INDEX_BYTE("key", 64),
    INDEX_BYTE("checksum-key", 72),
    INDEX_BYTE("checksum", 264),
    INDEX_BYTE("pauses", LIVE_OFFSET),
    INDEX_BYTE("parts", PARTS_OFFSET),
    INDEX_BYTE("figures", LIVE_OFFSET + offsetof(struct index_live, stats)),
    {FAULT("index-entry", entry_is_hurt, entry_is_healed)},
    {FAULT("index-entry-gone", entry_is_gone, entry_is_there)},
    {RECORD_BYTE(gfn)},
    {RECORD_BYTE(checksum)},
    {RECORD_BYTE(generation)},
    {SEAL_BYTE(nonce)},
    {SEAL_BYTE(tag)},
    {FAULT("key-gone", both_are_killed, NULL), .is_encrypted = true},
};

void fault_prepare_store(void)
{
    const char *name = scene.fault->mend == file_system_grows ? "small/store" : "store";

    snprintf(scene.store, sizeof(scene.store), "%s", scene_path(name));
    snprintf(scene.index, sizeof(scene.index), "%s.index", scene.store);
    if (scene.fault->server) {
        make_file(scene_path("export"), EXPORT_BYTES);
        scene_start_server();
    } else if (scene.fault->mend == file_system_grows) {
        mkdir(scene_path("small"), 0700);
        resize(SMALL);
    } else if (scene.fault->begin == device_goes) {
        setenv("SIM_STORE_GONE", scene_path("gone"), 1);
    } else if (scene.fault->option) {
        setenv("SIM_STORE_FAULTS", scene.fault->option, 1);
    }
}

const struct fault *fault_find(const char *name)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (!strcmp(faults[i].name, name))
            return &faults[i];
    errx(2, "no such fault: %s", name);
}
