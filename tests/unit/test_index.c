/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index as a file: what comes back, and what is refused. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adopt.h"
#include "failing.h"
#include "fake_engine.h"
#include "index.h"
#include "locked_memory.h"
#include "loop.h"
#include "page.h"
#include "pages.h"
#include "store.h"

#define NR_GFNS 3000u
#define HEADER_BYTES 272 /* that are checked */

static char directory[32], path[64], message[256];
static const struct index_owner mine = {
    .domid = 7, .uuid = "my-uuid", .store_id = 4711, .key_id = 42};
static struct index *index_;

static int create(void)
{
    message[0] = '\0';
    return index_create(path, &mine, &index_, message, sizeof(message));
}

static int open_for(uint32_t domid, const char *uuid)
{
    struct index_owner owner = {.domid = domid};
    int rc;

    strcpy((char *)owner.uuid, uuid);
    message[0] = '\0';
    rc = index_open(path, &owner, &index_, message, sizeof(message));
    if (!rc)
        assert_memory_equal(&owner, &mine, sizeof(owner));
    return rc;
}

static int open_mine(void)
{
    return open_for(mine.domid, (const char *)mine.uuid);
}

static void close_index(void)
{
    index_close(index_);
    index_ = NULL;
}

static int setup(void **state)
{
    *state = NULL;
    strcpy(directory, "/tmp/test_index_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof(path), "%s/index", directory);
    return create();
}

static int teardown(void **state)
{
    (void)state;
    close_index();
    unlink(path);
    return rmdir(directory);
}

static void assert_refused(int rc, int error, const char *why)
{
    assert_int_equal(rc, -error);
    assert_one_line(message);
    assert_says(message, path);
    assert_says(message, why);
}

/* --- What comes back. --- */

static void what_was_written_comes_back(void **state)
{
    uint32_t *gfns = index_grow_gfns(index_, NULL, 0, NR_GFNS);
    struct index_slot *slots = index_grow_slots(index_, NULL, 0, 8192);

    (void)state;
    assert_int_equal(index_use_gfns(index_, gfns, 0, NR_GFNS), 0);
    gfns[NR_GFNS - 1] = 8192;
    slots[8191] = (struct index_slot){.checksum = 1, .gfn = NR_GFNS - 1, .generation = 3};
    index_live(index_)->nr_pauses = 2;
    index_live(index_)->stats.page_outs = 99;
    locked_free(gfns, NR_GFNS * sizeof(*gfns));
    locked_free(slots, 8192 * sizeof(*slots));
    close_index();

    assert_int_equal(open_mine(), 0);
    assert_int_equal(index_nr_slots(index_), 8192);
    assert_int_equal(index_live(index_)->nr_pauses, 2);
    assert_int_equal(index_live(index_)->stats.page_outs, 99);
    gfns = index_grow_gfns(index_, NULL, 0, 2 * NR_GFNS);
    slots = index_grow_slots(index_, NULL, 0, 8192);
    assert_int_equal(gfns[0], INDEX_NONE);
    assert_int_equal(gfns[NR_GFNS - 1], 8192);
    assert_int_equal(gfns[2 * NR_GFNS - 1], INDEX_NONE);
    assert_int_equal(slots[8191].gfn, NR_GFNS - 1);
    locked_free(gfns, 2 * NR_GFNS * sizeof(*gfns));
    locked_free(slots, 8192 * sizeof(*slots));
}

/* What a program in one guest could find out of its own is of no use in another. */
static void the_key_of_the_checksums_comes_back_and_is_of_this_index_only(void **state)
{
    char key[INDEX_KEY_BYTES];

    (void)state;
    memcpy(key, index_checksum_key(index_), sizeof(key));
    close_index();
    assert_int_equal(open_mine(), 0);
    assert_memory_equal(index_checksum_key(index_), key, sizeof(key));
    close_index();
    assert_int_equal(create(), 0);
    assert_memory_not_equal(index_checksum_key(index_), key, sizeof(key));
}

/* Whatever the size of the tables, in each other's way they are not. */
static void seals_come_back_and_leave_records_alone(void **state)
{
    struct index_seal *seals = index_grow_seals(index_, NULL, 0, 4096);
    struct index_slot *slots = index_grow_slots(index_, NULL, 0, 10);

    (void)state;
    memset(slots, 0x22, 10 * sizeof(*slots));
    seals = index_grow_seals(index_, seals, 4096, 8192);
    memset(seals, 0x11, 8192 * sizeof(*seals));
    locked_free(seals, 8192 * sizeof(*seals));
    locked_free(slots, 10 * sizeof(*slots));
    close_index();

    assert_int_equal(open_mine(), 0);
    assert_int_equal(index_nr_slots(index_), 10);
    seals = index_grow_seals(index_, NULL, 0, 8192);
    slots = index_grow_slots(index_, NULL, 0, 10);
    assert_int_equal(seals[0].nonce[0], 0x11);
    assert_int_equal(seals[8191].tag[15], 0x11);
    assert_int_equal(slots[0].gfn, 0x22222222);
    locked_free(seals, 8192 * sizeof(*seals));
    locked_free(slots, 10 * sizeof(*slots));
}

static void tables_grow_and_keep_what_is_in_them(void **state)
{
    uint32_t *gfns = index_grow_gfns(index_, NULL, 0, 10);

    (void)state;
    gfns[9] = 5;
    gfns = index_grow_gfns(index_, gfns, 10, NR_GFNS);
    assert_int_equal(gfns[9], 5);
    assert_int_equal(gfns[10], INDEX_NONE);
    locked_free(gfns, NR_GFNS * sizeof(*gfns));
}

/* A file system can take long to see that it has given them already. */
static void a_table_that_grows_asks_for_the_blocks_that_are_new(void **state)
{
    struct index_slot *slots = index_grow_slots(index_, NULL, 0, 100000);
    unsigned long before = nr_bytes_reserved();

    (void)state;
    slots = index_grow_slots(index_, slots, 100000, 100001);
    assert_in_range(nr_bytes_reserved() - before, 1, 2 * PAGE_BYTES);
    locked_free(slots, 100001 * sizeof(*slots));
}

static void the_file_is_for_us_alone_and_takes_little_room(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(st.st_blocks * 512 <= 4 * (long)PAGE_BYTES);
}

static long blocks(void)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_blocks * 512;
}

static void entries_take_room_in_parts_and_come_back_with_it(void **state)
{
    const uint32_t nr = 1000 * PART_GFNS, gfn = 500 * PART_GFNS + 7;
    struct pages *pages_ = pages_create(nr, index_);
    long before = blocks();

    (void)state;
    assert_int_equal(pages_make_room(pages_, gfn), 0);
    assert_in_range(blocks() - before, PART_GFNS * 4, 2 * PART_GFNS * 4);
    pages_nominate(pages_, gfn);
    pages_record(pages_, gfn, 99);
    pages_destroy(pages_);
    close_index();

    assert_int_equal(open_mine(), 0);
    pages_ = pages_create(nr, index_);
    assert_int_equal(pages_next_with_room(pages_, 0), 500 * PART_GFNS);
    assert_int_equal(pages_next_with_room(pages_, 501 * PART_GFNS), nr);
    assert_int_equal(pages_entry(pages_, gfn), 100);
    pages_destroy(pages_);
}

static void an_old_index_is_emptied_but_for_the_pauses_of_its_domain(void **state)
{
    uint32_t *gfns = index_grow_gfns(index_, NULL, 0, 10);

    (void)state;
    gfns[9] = 5;
    locked_free(gfns, 10 * sizeof(*gfns));
    index_live(index_)->nr_pauses = 2;
    close_index();
    assert_int_equal(create(), 0);
    gfns = index_grow_gfns(index_, NULL, 0, 10);
    assert_int_equal(gfns[9], INDEX_NONE);
    locked_free(gfns, 10 * sizeof(*gfns));
    assert_int_equal(index_live(index_)->nr_pauses, 2);
    assert_int_equal(index_nr_slots(index_), 0);
}

static void removing_deletes_the_file(void **state)
{
    (void)state;
    index_remove(index_);
    close_index();
    assert_refused(open_mine(), ENOENT, "cannot be opened");
}

/* --- What is refused. --- */

static void another_domains_index_is_refused(void **state)
{
    (void)state;
    close_index();
    assert_refused(open_for(8, "my-uuid"), ESTALE, "another domain");
    assert_refused(open_for(7, "no-uuid"), ESTALE, "another domain");
}

static void an_index_in_use_is_refused_and_kept(void **state)
{
    struct index *first = index_;

    (void)state;
    assert_refused(open_mine(), EBUSY, "in use by another pager");
    assert_refused(create(), EBUSY, "in use by another pager");
    index_ = first;
    close_index();
    assert_int_equal(open_mine(), 0);
}

static void a_truncated_index_is_refused(void **state)
{
    (void)state;
    close_index();
    assert_int_equal(truncate(path, 10000), 0);
    assert_refused(open_mine(), EBADMSG, "is truncated");
    assert_int_equal(truncate(path, 0), 0);
    assert_refused(open_mine(), EBADMSG, "is truncated");
}

static void a_foreign_file_is_refused_and_kept(void **state)
{
    struct stat st;
    int fd;

    (void)state;
    close_index();
    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "my diary", 8), 8);
    close(fd);
    assert_refused(create(), EEXIST, "not an index");
    assert_refused(open_mine(), EBADMSG, "is truncated");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);
}

static void a_symlink_is_not_followed(void **state)
{
    char other[80];

    (void)state;
    close_index();
    snprintf(other, sizeof(other), "%s-2", path);
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_refused(open_mine(), ELOOP, "symbolic link");
    assert_refused(create(), ELOOP, "symbolic link");
    unlink(other);
}

static void flip(off_t byte, unsigned int bit)
{
    int fd = open(path, O_RDWR);
    unsigned char value;

    assert_int_equal(pread(fd, &value, 1, byte), 1);
    value ^= (unsigned char)(1u << bit);
    assert_int_equal(pwrite(fd, &value, 1, byte), 1);
    close(fd);
}

static void each_flipped_bit_of_the_header_is_seen(void **state)
{
    (void)state;
    close_index();
    for (off_t byte = 0; byte < HEADER_BYTES; byte++) {
        for (unsigned int bit = 0; bit < 8; bit++) {
            flip(byte, bit);
            if (open_mine() != -EBADMSG)
                fail_msg("bit %u of byte %d may be anything", bit, (int)byte);
            assert_one_line(message);
            flip(byte, bit);
        }
    }
    assert_int_equal(open_mine(), 0);
}

static void an_index_of_another_version_is_refused(void **state)
{
    (void)state;
    close_index();
    flip(24, 0); /* the next one */
    assert_refused(open_mine(), EBADMSG, "another version");
    flip(24, 1);
    flip(24, 2); /* the last one */
    assert_refused(open_mine(), EBADMSG, "another version");
}

/* --- Entries. --- */

static struct event_base *base;
static struct store *store;
static struct pages *pages;

static void done(struct store_io *io)
{
    (void)io;
}

static int page_out(uint32_t gfn, uint32_t *slot)
{
    static _Alignas(PAGE_BYTES) char page[PAGE_BYTES] = "not zero";
    struct store_io io = {.page = page, .gfn = gfn, .slot = STORE_SLOT_NONE, .done = done};

    store_page_out(store, &io);
    loop_settle(base);
    *slot = io.slot;
    return io.error;
}

static uint32_t put(uint32_t gfn)
{
    uint32_t slot;

    assert_int_equal(page_out(gfn, &slot), 0);
    return slot;
}

static void open_all(void)
{
    const struct store_options options = {.where = "/nowhere"};

    base = loop_create();
    fake_engine_reset();
    fake_engine.in_use = true;
    assert_int_equal(store_open(base, &options, &store, message, sizeof(message)), 0);
    assert_int_equal(store_use_index(store, index_), 0);
    pages = pages_create(NR_GFNS, index_);
}

static void close_all(void)
{
    store_close(store);
    pages_destroy(pages);
    event_base_free(base);
    fake_engine_reset();
}

static int check(void)
{
    const struct adopt_env env = {.pages = pages, .store = store};

    return adopt_check(&env, message, sizeof(message));
}

static void record(uint32_t gfn, uint32_t slot)
{
    assert_int_equal(pages_make_room(pages, gfn), 0);
    pages_nominate(pages, gfn);
    pages_record(pages, gfn, slot);
}

/* The entry of gfn in the file. */
static void flip_entry(uint32_t gfn, unsigned int bit)
{
    flip((off_t)PAGE_BYTES + gfn * 4 + bit / 8, bit % 8);
}

/* No bit makes a good entry of another good one. */
static void each_flipped_bit_of_an_entry_is_seen(void **state)
{
    (void)state;
    open_all();
    record(0, put(0));
    record(1, put(1));
    record(2, STORE_SLOT_ZERO);
    pages_nominate(pages, 3);
    pages_keep(pages, 4, put(4));
    assert_int_equal(check(), 0);
    for (uint32_t gfn = 0; gfn < 6; gfn++) {
        for (unsigned int bit = 0; bit < 32; bit++) {
            uint32_t before = pages_entry(pages, gfn);

            flip_entry(gfn, bit);
            if (check() != -EBADMSG && pages_entry(pages, gfn) != INDEX_NONE)
                fail_msg("entry %#x instead of %#x is taken for good", pages_entry(pages, gfn),
                         before);
            flip_entry(gfn, bit);
        }
    }
    assert_int_equal(check(), 0);
    close_all();
}

static bool is_named(void *arg, uint32_t slot, uint32_t gfn)
{
    (void)arg;
    return slot == 1 && gfn == 1;
}

static void slots_that_no_entry_names_are_free(void **state)
{
    (void)state;
    open_all();
    for (uint32_t gfn = 0; gfn < 3; gfn++)
        assert_int_equal(put(gfn), gfn);
    close_all();
    close_index();
    assert_int_equal(open_mine(), 0);
    open_all();
    store_adopt(store, is_named, NULL);
    assert_int_equal(store_bytes(store), PAGE_BYTES);
    assert_true(store_has(store, 1, 1));
    assert_int_equal(put(7), 0);
    assert_int_equal(put(8), 2);
    close_all();
}

/* --- Failure. --- */

/* So that slots which are kept, and have their records, are given up for it. */
static void where_the_index_has_no_space_there_is_none_for_a_page(void **state)
{
    uint32_t slot;

    (void)state;
    open_all();
    fail_nth(1);
    assert_int_equal(page_out(0, &slot), -ENOSPC);
    assert_int_equal(failed_with(), ENOSPC);
    assert_int_equal(slot, STORE_SLOT_NONE);
    assert_int_equal(put(0), 0);
    close_all();
}

static int create_grow_and_close(void *arg)
{
    uint32_t *gfns = NULL;
    int rc = create();

    (void)arg;
    if (rc)
        return rc;
    gfns = index_grow_gfns(index_, NULL, 0, NR_GFNS);
    rc = gfns ? 0 : -errno;
    locked_free(gfns, NR_GFNS * sizeof(*gfns));
    close_index();
    return rc;
}

static int open_and_close(void *arg)
{
    int rc = open_mine();

    (void)arg;
    if (!rc)
        close_index();
    return rc;
}

static void failure_leaves_nothing_behind(void **state)
{
    (void)state;
    close_index();
    check_every_failure(open_and_close, NULL);
    unlink(path);
    check_every_failure(create_grow_and_close, NULL);
}

#define WITH_INDEX(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_INDEX(what_was_written_comes_back),
        WITH_INDEX(the_key_of_the_checksums_comes_back_and_is_of_this_index_only),
        WITH_INDEX(seals_come_back_and_leave_records_alone),
        WITH_INDEX(tables_grow_and_keep_what_is_in_them),
        WITH_INDEX(a_table_that_grows_asks_for_the_blocks_that_are_new),
        WITH_INDEX(the_file_is_for_us_alone_and_takes_little_room),
        WITH_INDEX(entries_take_room_in_parts_and_come_back_with_it),
        WITH_INDEX(an_old_index_is_emptied_but_for_the_pauses_of_its_domain),
        WITH_INDEX(removing_deletes_the_file),
        WITH_INDEX(another_domains_index_is_refused),
        WITH_INDEX(an_index_in_use_is_refused_and_kept),
        WITH_INDEX(a_truncated_index_is_refused),
        WITH_INDEX(a_foreign_file_is_refused_and_kept),
        WITH_INDEX(a_symlink_is_not_followed),
        WITH_INDEX(each_flipped_bit_of_the_header_is_seen),
        WITH_INDEX(an_index_of_another_version_is_refused),
        WITH_INDEX(each_flipped_bit_of_an_entry_is_seen),
        WITH_INDEX(slots_that_no_entry_names_are_free),
        WITH_INDEX(where_the_index_has_no_space_there_is_none_for_a_page),
        WITH_INDEX(failure_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("index", tests, NULL, NULL);
}
