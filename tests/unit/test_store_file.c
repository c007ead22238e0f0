/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store over files and block devices. What needs root (a file system that is full, a block
 * device) is skipped, and said to be, where the process may not have it.
 */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing.h"
#include "index.h"
#include "loop.h"
#include "page.h"
#include "store.h"

struct page {
    _Alignas(PAGE_BYTES) unsigned char bytes[PAGE_BYTES];
};

static struct event_base *base;
static struct store *store;
static char directory[32], path[64], message[256];
static bool is_done;

static int open_store(void)
{
    const struct store_options options = {.where = path};

    message[0] = '\0';
    return store_open(base, &options, &store, message, sizeof(message));
}

static int setup(void **state)
{
    *state = NULL;
    base = loop_create();
    store = NULL;
    strcpy(directory, "/tmp/test_store_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/pages", directory);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    event_base_free(base);
    unlink(path);
    return rmdir(directory);
}

static void close_store(void)
{
    store_close(store);
    store = NULL;
}

static void done(struct store_io *io)
{
    (void)io;
    is_done = true;
}

static bool get_done(void *arg)
{
    (void)arg;
    return is_done;
}

static void fill(struct page *page, unsigned int seed)
{
    for (size_t i = 0; i < PAGE_BYTES; i++)
        page->bytes[i] = (unsigned char)(seed * 31 + i / 7 + 1);
}

static int page_out(uint32_t gfn, uint32_t *slot)
{
    struct page page;
    struct store_io io = {.page = &page, .gfn = gfn, .slot = STORE_SLOT_NONE, .done = done};

    fill(&page, gfn);
    is_done = false;
    store_page_out(store, &io);
    loop_until(base, get_done, NULL);
    *slot = io.slot;
    return io.error;
}

static uint32_t put(uint32_t gfn)
{
    uint32_t slot;

    assert_int_equal(page_out(gfn, &slot), 0);
    return slot;
}

static int page_in(uint32_t gfn, uint32_t slot, struct page *page)
{
    struct store_io io = {.page = page, .gfn = gfn, .slot = slot, .done = done};

    is_done = false;
    store_page_in(store, &io, STORE_FAULT);
    loop_until(base, get_done, NULL);
    return io.error;
}

static void assert_gets(uint32_t gfn, uint32_t slot)
{
    struct page page, expected;

    fill(&expected, gfn);
    assert_int_equal(page_in(gfn, slot, &page), 0);
    assert_memory_equal(&page, &expected, PAGE_BYTES);
}

static void write_file(const char *contents)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    size_t len = strlen(contents);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, contents, len), len);
    close(fd);
}

static void assert_file_is(const char *contents)
{
    char text[256] = "";
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(read(fd, text, sizeof(text) - 1), strlen(contents));
    assert_string_equal(text, contents);
    close(fd);
}

/* One line that names the path and says why. */
static void assert_refused(int error, const char *why)
{
    const struct holdings before = holdings_now();

    assert_int_equal(open_store(), -error);
    assert_one_line(message);
    assert_says(message, path);
    assert_says(message, why);
    assert_holds(&before);
}

static bool file_exists(void)
{
    return access(path, F_OK) == 0;
}

/* --- Files. --- */

static void pages_come_back_as_they_went(void **state)
{
    uint32_t slots[200];

    (void)state;
    assert_int_equal(open_store(), 0);
    for (uint32_t i = 0; i < 200; i++)
        slots[i] = put(i);
    for (uint32_t i = 0; i < 200; i++)
        assert_gets(i, slots[i]);
}

/* Page-outs under way at the same time, which a thread may write as one. */
#define TOGETHER 200

static struct page many[TOGETHER];
static struct store_io ios[TOGETHER];
static unsigned int nr_under_way;

static void one_is_done(struct store_io *io)
{
    (void)io;
    nr_under_way--;
}

static bool all_are_done(void *arg)
{
    (void)arg;
    return !nr_under_way;
}

static void put_many(uint32_t first_gfn)
{
    nr_under_way = TOGETHER;
    for (uint32_t i = 0; i < TOGETHER; i++) {
        fill(&many[i], first_gfn + i);
        ios[i] = (struct store_io){
            .page = &many[i], .gfn = first_gfn + i, .slot = STORE_SLOT_NONE, .done = one_is_done};
        store_page_out(store, &ios[i]);
    }
    loop_until(base, all_are_done, NULL);
}

static void pages_that_go_out_together_come_back_as_they_went(void **state)
{
    uint32_t slots[TOGETHER];

    (void)state;
    assert_int_equal(open_store(), 0);
    put_many(0);
    for (uint32_t i = 0; i < TOGETHER; i++) {
        assert_int_equal(ios[i].error, 0);
        slots[i] = ios[i].slot;
    }
    for (uint32_t i = 0; i < TOGETHER; i += 3) /* then the slots are not in a row any more */
        store_free(store, slots[i]);
    put_many(1000);
    for (uint32_t i = 0; i < TOGETHER; i++) {
        assert_gets(1000 + i, ios[i].slot);
        if (i % 3)
            assert_gets(i, slots[i]);
    }
}

/* So that the system has to read it anew, which is left to threads. */
static void forget_file(void)
{
    int fd = open(path, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    close(fd);
}

/* The last one is not in the file any more: of those that are read with it, it alone has an error.
 */
static void pages_that_are_fetched_together_come_back_as_they_went(void **state)
{
    uint32_t missing = 0;

    (void)state;
    assert_int_equal(open_store(), 0);
    put_many(0);
    for (uint32_t i = 0; i < TOGETHER; i++)
        missing = ios[i].slot > ios[missing].slot ? i : missing;
    forget_file();
    assert_int_equal(truncate(path, ((off_t)ios[missing].slot + 1) * PAGE_BYTES), 0);
    nr_under_way = TOGETHER;
    for (uint32_t i = TOGETHER; i-- > 0;) {
        memset(&many[i], 0, PAGE_BYTES);
        store_page_in(store, &ios[i], STORE_FETCH);
    }
    loop_until(base, all_are_done, NULL);
    for (uint32_t i = 0; i < TOGETHER; i++) {
        struct page expected;

        fill(&expected, i);
        assert_int_equal(ios[i].error, i == missing ? -EIO : 0);
        if (i != missing)
            assert_memory_equal(&many[i], &expected, PAGE_BYTES);
    }
}

/* Reads the place itself, as anybody could who has the file. */
static bool is_empty_in_file(uint32_t slot)
{
    static const struct page zeros;
    struct page page;
    int fd = open(path, O_RDONLY);

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &page, PAGE_BYTES, ((off_t)slot + 1) * PAGE_BYTES), PAGE_BYTES);
    close(fd);
    return !memcmp(&page, &zeros, PAGE_BYTES);
}

static bool are_empty_in_file(void *arg)
{
    const uint32_t *slots = arg;

    return is_empty_in_file(slots[0]) && is_empty_in_file(slots[1]);
}

static void what_was_given_back_cannot_be_read_in_the_file(void **state)
{
    uint32_t slots[5], gone[2];
    struct stat before, after;

    (void)state;
    assert_int_equal(open_store(), 0);
    for (uint32_t i = 0; i < 5; i++)
        slots[i] = put(i);
    assert_int_equal(stat(path, &before), 0);
    gone[0] = slots[1];
    gone[1] = slots[3];
    store_free(store, gone[0]);
    store_free(store, gone[1]);
    assert_false(are_empty_in_file(gone)); /* not at once: it may be used again */
    loop_until(base, are_empty_in_file, gone);
    assert_int_equal(stat(path, &after), 0);
    assert_true(after.st_blocks < before.st_blocks);
    for (uint32_t i = 0; i < 5; i += 2)
        assert_gets(i, slots[i]);
    assert_gets(7, put(7));
}

static int open_with_index(struct index **index, const char *index_path, bool take_over)
{
    struct index_owner owner = {.domid = 1};
    struct store_options options = {.where = path};

    if (take_over)
        assert_int_equal(index_open(index_path, &owner, index, message, sizeof(message)), 0);
    options.id = owner.store_id;
    assert_int_equal(store_open(base, &options, &store, message, sizeof(message)), 0);
    owner.store_id = store_id(store);
    if (!take_over)
        assert_int_equal(index_create(index_path, &owner, index, message, sizeof(message)), 0);
    return store_use_index(store, *index);
}

static bool is_gfn_1(void *arg, uint32_t slot, uint32_t gfn)
{
    (void)arg, (void)slot;
    return gfn == 1;
}

/* The slot of gfn 2 was given back just before the earlier pager died, that of gfn 1 later is. */
static void what_an_earlier_pager_gave_back_cannot_be_read_either(void **state)
{
    struct index *index;
    char index_path[80];
    uint32_t slots[2];

    (void)state;
    snprintf(index_path, sizeof(index_path), "%s.index", path);
    assert_int_equal(open_with_index(&index, index_path, false), 0);
    slots[0] = put(1);
    slots[1] = put(2);
    close_store();
    index_close(index);
    assert_int_equal(open_with_index(&index, index_path, true), 0);
    store_adopt(store, is_gfn_1, NULL);
    assert_gets(1, slots[0]);
    store_free(store, slots[0]);
    loop_until(base, are_empty_in_file, slots);
    index_remove(index);
    close_store();
    index_close(index);
}

/* See also fill_the_disk(), where it is. */
static void a_slot_may_be_kept_if_the_file_is_not_in_memory(void **state)
{
    struct statfs fs;
    uint32_t slot;

    (void)state;
    assert_int_equal(open_store(), 0);
    assert_int_equal(page_out(1, &slot), 0);
    assert_int_equal(statfs(path, &fs), 0);
    assert_int_equal(store_may_keep(store, slot), fs.f_type != TMPFS_MAGIC);
}

static void the_file_is_for_us_alone(void **state)
{
    struct stat st;
    mode_t mask = umask(0);

    (void)state;
    assert_int_equal(open_store(), 0);
    umask(mask);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* Whoever made it, or let others read it, since. */
static void a_file_that_was_there_is_for_us_alone_from_now_on(void **state)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    (void)state;
    assert_true(fd >= 0 && !fchmod(fd, 0644));
    close(fd);
    assert_int_equal(open_store(), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void the_file_grows_only_as_slots_are_used(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(open_store(), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, PAGE_BYTES);
    for (uint32_t i = 0; i < 10; i++)
        put(i);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 11 * PAGE_BYTES);
}

static void the_file_says_whose_it_is(void **state)
{
    char head[32] = "";
    int fd;

    (void)state;
    assert_int_equal(open_store(), 0);
    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, head, 17), 17);
    assert_string_equal(head, "xenpaging2 store\n");
    close(fd);
}

static void removing_deletes_the_file_and_the_store_goes_on(void **state)
{
    uint32_t slot;

    (void)state;
    assert_int_equal(open_store(), 0);
    slot = put(1);
    store_remove(store);
    assert_false(file_exists());
    assert_gets(1, slot);
    put(2);
}

static void closing_keeps_the_file(void **state)
{
    (void)state;
    assert_int_equal(open_store(), 0);
    close_store();
    assert_true(file_exists());
}

static void a_stale_store_is_taken_over_and_emptied(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(open_store(), 0);
    for (uint32_t i = 0; i < 10; i++)
        put(i);
    close_store();
    assert_int_equal(open_store(), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, PAGE_BYTES);
    assert_gets(3, put(3));
    store_remove(store);
    assert_false(file_exists());
}

/* --- What comes back wrong. --- */

static void flip_byte(uint32_t slot)
{
    const off_t at = ((off_t)slot + 1) * PAGE_BYTES + 1000;
    int fd = open(path, O_RDWR);
    char byte;

    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void one_flipped_bit_in_the_file_is_a_wrong_checksum(void **state)
{
    struct page page;
    uint32_t slot;

    (void)state;
    assert_int_equal(open_store(), 0);
    slot = put(1);
    flip_byte(slot);
    assert_int_equal(page_in(1, slot, &page), -EBADMSG);
    flip_byte(slot);
    assert_gets(1, slot);
}

static void a_file_cut_short_is_an_io_error(void **state)
{
    struct page page;
    uint32_t slots[3];

    (void)state;
    assert_int_equal(open_store(), 0);
    for (uint32_t i = 0; i < 3; i++)
        slots[i] = put(i);
    assert_int_equal(truncate(path, 3 * PAGE_BYTES + 100), 0);
    assert_gets(0, slots[0]);
    assert_int_equal(page_in(2, slots[2], &page), -EIO);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(page_in(0, slots[0], &page), -EIO);
}

/* --- What is no store. --- */

static void a_foreign_file_is_refused_and_kept(void **state)
{
    (void)state;
    write_file("a letter to the editor, of more than 18 bytes");
    assert_refused(EEXIST, "not a store");
    assert_file_is("a letter to the editor, of more than 18 bytes");
    write_file("short");
    assert_refused(EEXIST, "not a store");
    assert_file_is("short");
    write_file("xenpaging2 stor");
    assert_refused(EEXIST, "not a store");
    assert_file_is("xenpaging2 stor");
}

static void an_empty_file_has_nothing_to_lose(void **state)
{
    (void)state;
    write_file("");
    if (open_store())
        fail_msg("a pager that died young is in the way of the next one: %s", message);
}

static void a_directory_is_refused(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "%s", directory);
    assert_refused(EISDIR, "directory");
}

static void a_symlink_is_not_followed(void **state)
{
    char target[80];
    int fd;

    (void)state;
    snprintf(target, sizeof(target), "%s/target", directory);
    assert_int_equal(symlink(target, path), 0); /* to nothing */
    assert_refused(ELOOP, "symbolic link");
    assert_int_equal(symlink(directory, target), 0); /* to a directory */
    assert_refused(ELOOP, "symbolic link");
    unlink(target);
    fd = open(target, O_CREAT | O_RDWR, 0600); /* to a file, which could be a store */
    assert_true(fd >= 0);
    close(fd);
    assert_refused(ELOOP, "symbolic link");
    unlink(target);
}

static void what_is_neither_file_nor_device_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(EINVAL, "neither a file nor a block device");
    assert_true(file_exists());
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "%s/not/there", directory);
    assert_refused(ENOENT, "No such file");
}

static void a_store_of_another_pager_is_busy_and_kept(void **state)
{
    struct store *first;
    struct stat before, after;

    (void)state;
    assert_int_equal(open_store(), 0);
    first = store;
    put(1);
    assert_int_equal(stat(path, &before), 0);
    assert_refused(EBUSY, "another pager");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_size, before.st_size);
    store = first;
    assert_gets(1, 0);
    close_store();
    assert_int_equal(open_store(), 0); /* its lock is gone with it */
}

/* --- As nobody in particular. --- */

static void an_unwritable_directory_is_refused(void **state)
{
    int rc;

    (void)state;
    if (geteuid())
        return; /* then it is this test that cannot write, not the store */
    assert_int_equal(chmod(directory, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
    rc = open_store();
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(rc, -EACCES);
    assert_one_line(message);
    assert_says(message, "Permission denied");
    assert_false(file_exists());
}

/* --- With a file system of our own, in a child with mounts of its own. --- */

static int in_child(int (*fn)(void))
{
    int status = 0;
    pid_t child = fork();

    if (!child) {
        if (unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
            mount("none", directory, "tmpfs", 0, "size=64k"))
            _exit(77);
        _exit(fn());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int fill_the_disk(void)
{
    uint32_t slots[32], nr = 0, slot = 0;
    int rc = open_store();

    while (!rc && nr < 32)
        if (!(rc = page_out(nr, &slots[nr])))
            nr++;
    if (store_may_keep(store, slots[0])) /* it would be in memory twice */
        return 3;
    if (rc != -ENOSPC || nr < 10 || store_bytes(store) != nr * PAGE_BYTES)
        return 1;
    for (uint32_t i = 0; i < nr; i++) /* what was written before is not harmed */
        assert_gets(i, slots[i]);
    store_free(store, slots[0]);
    rc = page_out(99, &slot); /* a slot that has its room already */
    store_close(store);
    return rc ? 2 : 0;
}

/* Some of what is written as one has room, and some has not. */
static int fill_the_disk_with_many(void)
{
    unsigned int nr = 0;
    int rc = open_store();

    if (rc)
        return 1;
    put_many(0);
    for (uint32_t i = 0; i < TOGETHER; i++) {
        if (ios[i].error && (ios[i].error != -ENOSPC || ios[i].slot != STORE_SLOT_NONE))
            return 2;
        if (ios[i].error)
            continue;
        nr++;
        assert_gets(i, ios[i].slot);
    }
    store_close(store);
    return nr < 10 || nr >= 16 ? 3 : 0; /* of 64 KiB */
}

static int open_on_a_full_disk(void)
{
    char other[64];
    const struct holdings before = holdings_now();
    static char bytes[65536];
    int fd, rc;

    snprintf(other, sizeof(other), "%s/other", directory);
    fd = open(other, O_WRONLY | O_CREAT, 0600);
    rc = write(fd, bytes, sizeof(bytes)) == sizeof(bytes) ? 0 : 1;
    close(fd);
    if (rc || open_store() != -ENOSPC || file_exists())
        return 1;
    assert_one_line(message);
    assert_holds(&before);
    return 0;
}

static void run_with_file_system(int (*fn)(void))
{
    int rc = in_child(fn);

    if (rc == 77) {
        print_message("SKIPPED: no right to mount a file system\n");
        skip();
    }
    assert_int_equal(rc, 0);
}

static void a_full_disk_is_no_space_and_harms_nothing(void **state)
{
    (void)state;
    run_with_file_system(fill_the_disk);
}

static void a_disk_that_gets_full_takes_what_it_can(void **state)
{
    (void)state;
    run_with_file_system(fill_the_disk_with_many);
}

static void a_disk_that_is_full_from_the_start_leaves_no_file(void **state)
{
    (void)state;
    run_with_file_system(open_on_a_full_disk);
}

/* --- With a block device. --- */

#define DEVICE_PAGES 16

static char backing[80];

/*
 * The node is one of our own: a store that is wrong enough to delete it deletes nobody else's. The
 * device goes by itself with the last who has it open, even if that dies.
 */
static int attach_loop(int control, const char *file)
{
    int number = ioctl(control, LOOP_CTL_GET_FREE), device = -1, fd = open(file, O_RDWR);
    struct loop_config config = {.fd = (uint32_t)fd, .info.lo_flags = LO_FLAGS_AUTOCLEAR};

    if (number >= 0 && !mknod(path, S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned int)number)))
        device = open(path, O_RDWR | O_CLOEXEC);
    if (device >= 0 && ioctl(device, LOOP_CONFIGURE, &config)) {
        close(device);
        device = -1;
    }
    if (device < 0)
        unlink(path);
    if (fd >= 0)
        close(fd);
    return device;
}

/* Returns a file descriptor that keeps the device, or -1 after saying so. */
static int create_device(off_t size)
{
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd, device = -1;

    snprintf(backing, sizeof(backing), "%s/backing", directory);
    fd = open(backing, O_RDWR | O_CREAT, 0600);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
    for (int i = 0; control >= 0 && device < 0 && i < 5; i++)
        device = attach_loop(control, backing);
    if (control >= 0)
        close(control);
    if (device < 0)
        print_message("SKIPPED: no loop device to be had\n");
    return device;
}

static void destroy_device(int device)
{
    if (device >= 0)
        close(device);
    unlink(backing);
    unlink(path);
}

static void use_device(void)
{
    uint32_t slots[DEVICE_PAGES], slot;

    assert_int_equal(open_store(), 0);
    for (uint32_t i = 0; i < DEVICE_PAGES - 1; i++)
        slots[i] = put(i);
    assert_int_equal(page_out(99, &slot), -ENOSPC); /* the header has the first page */
    for (uint32_t i = 0; i < DEVICE_PAGES - 1; i++)
        assert_gets(i, slots[i]);
    assert_false(is_empty_in_file(slots[0]));
    store_remove(store);
    assert_true(file_exists());
    for (uint32_t i = 0; i < DEVICE_PAGES - 1; i++)
        assert_true(is_empty_in_file(slots[i]));
    close_store();
}

static void a_block_device_is_used_to_its_end_and_never_removed(void **state)
{
    int device = create_device(DEVICE_PAGES * PAGE_BYTES);

    (void)state;
    if (device >= 0)
        use_device();
    destroy_device(device);
    if (device < 0)
        skip();
}

/* As LVM gives them. */
static void a_block_device_has_a_name_that_is_a_link(void **state)
{
    int device = create_device(DEVICE_PAGES * PAGE_BYTES);
    char node[80];

    (void)state;
    if (device >= 0) {
        snprintf(node, sizeof(node), "%s/node", directory);
        assert_int_equal(rename(path, node), 0);
        assert_int_equal(symlink(node, path), 0);
        use_device();
        assert_int_equal(unlink(node), 0);
    }
    destroy_device(device);
    if (device < 0)
        skip();
}

static void a_block_device_in_use_is_refused(void **state)
{
    int device = create_device(DEVICE_PAGES * PAGE_BYTES), user;

    (void)state;
    if (device >= 0) {
        user = open(path, O_RDWR | O_EXCL); /* as a mount would */
        assert_true(user >= 0);
        assert_refused(EBUSY, "alone");
        close(user);
        assert_int_equal(open_store(), 0);
        close_store();
    }
    destroy_device(device);
    if (device < 0)
        skip();
}

static void a_block_device_too_small_is_refused(void **state)
{
    int device = create_device(PAGE_BYTES);

    (void)state;
    if (device >= 0)
        assert_refused(ENOSPC, "smaller than two pages");
    destroy_device(device);
    if (device < 0)
        skip();
}

static void shrink(int device)
{
    assert_int_equal(truncate(backing, DEVICE_PAGES / 2 * PAGE_BYTES), 0);
    assert_int_equal(ioctl(device, LOOP_SET_CAPACITY), 0);
}

static void take_over_what_has_shrunk(int device)
{
    struct index *index;
    char index_path[80];

    snprintf(index_path, sizeof(index_path), "%s.index", path);
    assert_int_equal(open_with_index(&index, index_path, false), 0);
    for (uint32_t i = 0; i < DEVICE_PAGES - 1; i++)
        put(i);
    close_store();
    index_close(index);
    shrink(device);
    assert_int_equal(open_with_index(&index, index_path, true), -ENOSPC);
    close_store();
    index_remove(index);
    index_close(index);
}

/* Pages are not lost with it: it may be made larger again. */
static void a_block_device_that_has_shrunk_is_not_taken_over(void **state)
{
    int device = create_device(DEVICE_PAGES * PAGE_BYTES);

    (void)state;
    if (device >= 0)
        take_over_what_has_shrunk(device);
    destroy_device(device);
    if (device < 0)
        skip();
}

/* --- Failures. --- */

static int open_and_remove(void *arg)
{
    uint32_t slot;
    int rc = open_store();

    (void)arg;
    if (rc) {
        assert_one_line(message);
    } else {
        rc = page_out(1, &slot);
        store_remove(store);
        close_store();
    }
    assert_false(file_exists());
    return rc;
}

static void failure_to_open_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(open_and_remove, NULL);
}

/* As after a pager that has died: the file is examined, and it stays if it cannot be ours. */
static int take_over_stale_store(void *arg)
{
    int rc;

    (void)arg;
    rc = open_store();
    if (rc)
        assert_one_line(message);
    else
        close_store();
    store = NULL;
    return rc;
}

static void failure_to_take_over_leaves_nothing_behind(void **state)
{
    (void)state;
    assert_int_equal(open_store(), 0);
    close_store();
    check_every_failure(take_over_stale_store, NULL);
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(pages_come_back_as_they_went),
        WITH_DIRECTORY(pages_that_go_out_together_come_back_as_they_went),
        WITH_DIRECTORY(pages_that_are_fetched_together_come_back_as_they_went),
        WITH_DIRECTORY(what_was_given_back_cannot_be_read_in_the_file),
        WITH_DIRECTORY(what_an_earlier_pager_gave_back_cannot_be_read_either),
        WITH_DIRECTORY(a_slot_may_be_kept_if_the_file_is_not_in_memory),
        WITH_DIRECTORY(the_file_is_for_us_alone),
        WITH_DIRECTORY(a_file_that_was_there_is_for_us_alone_from_now_on),
        WITH_DIRECTORY(the_file_grows_only_as_slots_are_used),
        WITH_DIRECTORY(the_file_says_whose_it_is),
        WITH_DIRECTORY(removing_deletes_the_file_and_the_store_goes_on),
        WITH_DIRECTORY(closing_keeps_the_file),
        WITH_DIRECTORY(a_stale_store_is_taken_over_and_emptied),
        WITH_DIRECTORY(one_flipped_bit_in_the_file_is_a_wrong_checksum),
        WITH_DIRECTORY(a_file_cut_short_is_an_io_error),
        WITH_DIRECTORY(a_foreign_file_is_refused_and_kept),
        WITH_DIRECTORY(an_empty_file_has_nothing_to_lose),
        WITH_DIRECTORY(a_directory_is_refused),
        WITH_DIRECTORY(a_symlink_is_not_followed),
        WITH_DIRECTORY(what_is_neither_file_nor_device_is_refused),
        WITH_DIRECTORY(a_directory_that_is_not_there_is_named),
        WITH_DIRECTORY(a_store_of_another_pager_is_busy_and_kept),
        WITH_DIRECTORY(an_unwritable_directory_is_refused),
        WITH_DIRECTORY(a_full_disk_is_no_space_and_harms_nothing),
        WITH_DIRECTORY(a_disk_that_gets_full_takes_what_it_can),
        WITH_DIRECTORY(a_disk_that_is_full_from_the_start_leaves_no_file),
        WITH_DIRECTORY(a_block_device_is_used_to_its_end_and_never_removed),
        WITH_DIRECTORY(a_block_device_has_a_name_that_is_a_link),
        WITH_DIRECTORY(a_block_device_in_use_is_refused),
        WITH_DIRECTORY(a_block_device_too_small_is_refused),
        WITH_DIRECTORY(a_block_device_that_has_shrunk_is_not_taken_over),
        WITH_DIRECTORY(failure_to_open_leaves_nothing_behind),
        WITH_DIRECTORY(failure_to_take_over_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("store_file", tests, NULL, NULL);
}
