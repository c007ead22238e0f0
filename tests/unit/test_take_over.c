/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that finds what another one has left: from the start on, over the fakes. */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xenctrl.h>

#include "balance.h"
#include "capture.h"
#include "daemon.h"
#include "evict.h"
#include "fake_engine.h"
#include "fake_xen.h"
#include "fake_xs.h"
#include "index.h"
#include "loop.h"
#include "options.h"
#include "page.h"
#include "pages.h"
#include "store.h"
#include "store_seal.h"
#include "supervised.h"
#include "xen_ops.h"

#define NR_GFNS 256u
#define RESIDENT 100u
#define ENTRY_OFFSET 4096 /* of gfn 0, in the index */
#define PAGING "/libxl/7/paging/"

static char directory[40], store[64], index_path[80];
static struct options options;
static struct supervised supervised;
static struct store_secret secret = {.key = "thirty-two bytes that are no one", .id = 1};
static const struct store_secret *key; /* the supervisor's, that is there */
static struct daemon d;

static int setup(void **state)
{
    *state = NULL;
    be_quiet(true);
    strcpy(directory, "/tmp/test_take_over_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(store, sizeof(store), "%s/pages", directory);
    snprintf(index_path, sizeof(index_path), "%s.index", store);
    fake_xen_create(NR_GFNS);
    fake_xen.free_host_pages = 100000;
    fake_xs_reset();
    fake_xs_set("/local/domain/7", "");
    fake_engine_reset();
    fake_engine.in_use = true;
    fake_engine.id = 4711;
    options = (struct options){.domid = FAKE_DOMID, .nr_settings = 2};
    options.settings[0].key = "store";
    options.settings[0].value = store;
    options.settings[1].key = "target-min";
    options.settings[1].value = "64";
    supervised = (struct supervised){.died_ms = 0};
    key = NULL;
    d = (struct daemon){.options = &options, .supervised = &supervised};
    return 0;
}

static int setup_patched(void **state)
{
    return setup_on_patched(setup, state);
}

static void clean_up(void)
{
    daemon_clean_up(&d);
    d = (struct daemon){.options = &options, .supervised = &supervised, .secret = key};
}

static int teardown(void **state)
{
    (void)state;
    clean_up();
    fake_xen_assert_no_complaint();
    assert_int_equal(fake_xs_nr_open(), 0);
    fake_xen_destroy();
    fake_engine_reset();
    unlink(index_path);
    be_quiet(false);
    return rmdir(directory);
}

/* Each worker has an epoch of its own. */
static void start(void)
{
    secret.epoch++;
    if (daemon_start(&d))
        fail_msg("%s", d.message);
}

static bool target_is_reached(void *arg)
{
    (void)arg;
    return fake_xen_resident() <= RESIDENT && !evict_is_busy(d.evict);
}

static void page_out(void)
{
    balance_set_target(d.balance, RESIDENT);
    loop_until(d.base, target_is_reached, NULL);
    loop_settle(d.base);
}

/* As if it was killed: the store and paging stay. */
static void start_page_out_and_break_off(void)
{
    start();
    page_out();
    clean_up();
}

static bool has_ended(void *arg)
{
    (void)arg;
    return d.ending != NOT_ENDED;
}

static void drain(void)
{
    balance_drain(d.balance);
    loop_until(d.base, has_ended, NULL);
    assert_int_equal(d.ending, DRAINED);
    assert_int_equal(fake_xen_resident(), NR_GFNS);
    clean_up();
    assert_true(supervised.is_over);
    assert_false(fake_xen_paging_is_enabled());
    fake_xen_assert_at_peace();
}

static void assert_refused(int error, const char *why)
{
    assert_int_equal(daemon_start(&d), -error);
    assert_one_line(d.message);
    assert_says(d.message, why);
    clean_up();
    assert_false(supervised.is_over);
    assert_true(fake_xen_paging_is_enabled());
    assert_false(fake_engine.removed);
    assert_int_equal(access(index_path, F_OK), 0);
}

/* --- What goes on. --- */

static void what_is_out_is_taken_over(void **state)
{
    (void)state;
    start_page_out_and_break_off();
    start();
    assert_int_equal(pages_nr_paged(d.pages), NR_GFNS - RESIDENT);
    assert_int_equal(d.stats->page_outs, NR_GFNS - RESIDENT);
    drain();
    assert_true(fake_engine.removed);
    assert_int_equal(access(index_path, F_OK), -1);
}

static bool nobody_waits(void *arg)
{
    (void)arg;
    return !guest_is_waiting(0) && !guest_is_waiting(1);
}

static void vcpus_that_waited_get_their_pages(void **state)
{
    (void)state;
    start_page_out_and_break_off();
    assert_false(guest_write(0, 0));
    assert_false(guest_read(1, 1));
    start();
    balance_set_target(d.balance, RESIDENT);
    loop_until(d.base, nobody_waits, NULL);
    drain();
}

/* The old page is the dead one's ring still. */
static void a_ring_that_was_left_in_the_guests_reach_is_replaced(void **state)
{
    (void)state;
    start_page_out_and_break_off();
    guest_take(NR_GFNS - 1);
    start();
    assert_false(fake_xen_ring_is_in_physmap());
    drain();
}

static void pauses_of_the_dead_are_undone(void **state)
{
    (void)state;
    start();
    page_out();
    daemon_cannot_load(&d, 5, "its checksum is wrong");
    clean_up();
    assert_true(fake_xen_is_paused());
    start();
    assert_false(fake_xen_is_paused());
    drain();
}

static void what_was_given_up_meanwhile_is_forgotten(void **state)
{
    (void)state;
    start_page_out_and_break_off();
    guest_give_up(0);
    guest_take(0);
    start();
    assert_int_equal(pages_nr_paged(d.pages), NR_GFNS - RESIDENT - 1);
    assert_int_equal(pages_state(d.pages, 0), PAGE_RESIDENT);
    drain();
}

/*
 * On a stock Xen the one that takes over detaches the dead one's ring before it attaches its own,
 * and may die there. A request that was lost with the ring leaves its gfn on the way in.
 */
static void nominations_are_taken_back_when_nobody_is_attached(void **state)
{
    (void)state;
    start();
    fake_engine.hold = true;
    balance_set_target(d.balance, NR_GFNS - 10);
    loop_settle(d.base);
    assert_int_equal(pages_state(d.pages, 0), PAGE_NOMINATED);
    assert_false(guest_write(0, 0));
    fake_engine_dies(WRITES_NOT_DONE);
    clean_up();
    assert_int_equal(xc_mem_paging_disable(NULL, FAKE_DOMID), 0);
    assert_false(fake_xen_paging_is_enabled());
    start();
    assert_int_equal(pages_nr_paged(d.pages), 0);
    drain();
}

static void drop_once(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call != CALL_CANCEL && call != CALL_SET_MEM_TYPE)
        return;
    fake_xen.before_call = NULL;
    guest_give_up(3);
    guest_take(3);
}

/* While it is not known yet which slots are free. */
static void a_page_that_is_dropped_during_the_take_over_frees_its_slot_once(void **state)
{
    (void)state;
    fake_engine.max_slots = NR_GFNS - RESIDENT + 14;
    start_page_out_and_break_off();
    start();
    fake_engine.hold = true;
    balance_set_target(d.balance, RESIDENT - 10);
    loop_settle(d.base);
    fake_engine_dies(WRITES_NOT_DONE);
    clean_up();
    fake_xen.before_call = drop_once;
    fake_xen_fail(CALL_CANCEL, 1, EAGAIN);
    fake_xen_fail(CALL_SET_MEM_TYPE, 1, EAGAIN);
    start();
    assert_null(fake_xen.before_call);
    assert_int_equal(store_bytes(d.store), (uint64_t)pages_nr_paged(d.pages) * PAGE_BYTES);
    balance_set_target(d.balance, RESIDENT - 20);
    loop_settle(d.base);
    drain();
}

static void the_file_behind_memory_is_known_to_the_supervisor(void **state)
{
    char tiers[80];

    (void)state;
    close(open(store, O_CREAT | O_CLOEXEC, 0600));
    snprintf(tiers, sizeof(tiers), "memory:1M,%s", store);
    options.settings[0].value = tiers;
    start();
    assert_string_equal(supervised.store_file, store);
    assert_string_equal(supervised.index_path, "");
    drain();
    unlink(store);
}

static unsigned int nr_taken_back(void)
{
    return fake_xen_nr_calls(CALL_CANCEL) + fake_xen_nr_calls(CALL_SET_MEM_TYPE);
}

/* Pages that are in memory keep slots, and Xen is asked to change nothing for them. */
static void take_over_from_one_that_kept(unsigned int nr, unsigned int nr_errors)
{
    unsigned int before;

    fake_engine.is_outside = true;
    start();
    page_out();
    for (uint32_t gfn = 0; gfn < nr; gfn++) {
        assert_false(guest_read(0, gfn));
        loop_settle(d.base); /* and another one goes out for it */
    }
    assert_int_equal(pages_nr_kept(d.pages), nr);
    clean_up();
    before = nr_taken_back();
    fake_xen_fail(CALL_QUERY, nr_errors, EFAULT);
    start();
    fake_xen_fail(CALL_QUERY, 0, 0);
    assert_int_equal(nr_taken_back(), before);
    assert_int_equal(pages_nr_paged(d.pages), NR_GFNS - RESIDENT);
    assert_int_equal(pages_nr_kept(d.pages), 0);
    assert_int_equal(store_bytes(d.store), (NR_GFNS - RESIDENT) * PAGE_BYTES);
    drain();
}

static void what_the_dead_have_kept_is_free(void **state)
{
    (void)state;
    take_over_from_one_that_kept(8, 0);
}

static void what_the_dead_have_kept_is_free_whatever_xen_answers(void **state)
{
    (void)state;
    take_over_from_one_that_kept(8, NR_GFNS);
}

static void told_to_end_before_it_began_it_drains(void **state)
{
    (void)state;
    start_page_out_and_break_off();
    supervised.drain = true;
    start();
    alarm(120);
    daemon_run(&d);
    alarm(0);
    assert_int_equal(d.ending, DRAINED);
    assert_int_equal(fake_xen_resident(), NR_GFNS);
    clean_up();
}

/* By our parent, as if it was the supervisor, which otherwise would be told of a start. */
static void tell_to_hand_over(void)
{
    supervised.supervisor = getppid();
    daemon_told_to_hand_over(SIGUSR2, 0, &d);
    supervised.supervisor = 0;
}

static void one_that_hands_over_leaves_all_as_it_is(void **state)
{
    (void)state;
    start();
    page_out();
    tell_to_hand_over();
    assert_int_equal(d.ending, HANDED_OVER);
    assert_true(supervised.hands_over);
    clean_up();
    assert_true(fake_xen_is_paused());
    start();
    assert_false(fake_xen_is_paused());
    assert_int_equal(pages_nr_paged(d.pages), NR_GFNS - RESIDENT);
    drain();
}

static void nobody_hands_over_to_nobody(void **state)
{
    (void)state;
    d.supervised = NULL;
    start();
    page_out();
    daemon_told_to_hand_over(SIGUSR2, 0, &d);
    assert_int_equal(d.ending, NOT_ENDED);
    d.supervised = &supervised; /* who has died: another one is our parent */
    daemon_told_to_hand_over(SIGUSR2, 0, &d);
    assert_int_equal(d.ending, NOT_ENDED);
    drain();
}

static void assert_node(const char *path, const char *expected)
{
    char value[256] = "(none)";

    fake_xs_get(path, value);
    assert_string_equal(value, expected);
}

/* By one that was our parent, or never was. */
static void who_is_left_alone_serves_on_and_says_so(void **state)
{
    char pid[24];

    (void)state;
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    fake_xs_set(PAGING "pid", "1");
    start();
    page_out();
    clean_up();
    assert_node(PAGING "pid", pid);
    assert_node(PAGING "state", "running");
    assert_node(PAGING "error",
                "the supervisor has died: if the pager dies, too, nobody takes over");
    start();
    drain();
}

static void who_has_a_supervisor_is_not_alone_whoever_says_so(void **state)
{
    (void)state;
    fake_xs_set(PAGING "pid", "1");
    d.supervised = NULL;
    start();
    d.supervised = &supervised;
    supervised.supervisor = getppid();
    daemon_left_alone(SUPERVISED_ALONE, 0, &d);
    supervised.supervisor = 0;
    drain();
    assert_node(PAGING "pid", "1");
    assert_node(PAGING "error", "(none)");
}

static void who_drains_does_not_hand_over(void **state)
{
    (void)state;
    start();
    page_out();
    balance_drain(d.balance);
    tell_to_hand_over();
    assert_int_equal(d.ending, NOT_ENDED);
    drain();
}

static void encrypt(const char *whether)
{
    options.nr_settings = 3;
    options.settings[2].key = "encrypt";
    options.settings[2].value = whether;
}

static void what_is_encrypted_is_taken_over_with_its_key(void **state)
{
    (void)state;
    encrypt("yes");
    d.secret = key = &secret;
    start_page_out_and_break_off();
    assert_false(guest_read(0, 0));
    start();
    assert_int_equal(pages_nr_paged(d.pages), NR_GFNS - RESIDENT);
    page_out();
    tell_to_hand_over();
    assert_int_equal(d.ending, HANDED_OVER);
    clean_up();
    start();
    drain();
}

/* --- What is refused, and stays as it is. --- */

static void without_the_key_nobody_takes_over(void **state)
{
    struct store_secret other = secret;

    (void)state;
    encrypt("yes");
    d.secret = key = &secret;
    start_page_out_and_break_off();
    other.id = 2;
    d.secret = key = &other;
    assert_refused(EINVAL, "the key of the pages in it is gone");
    d.secret = key = NULL;
    assert_refused(EINVAL, "the key of the pages in it is gone");
    d.secret = key = &secret;
    encrypt("no");
    assert_refused(EINVAL, "are encrypted, and stay so");
    encrypt("yes");
    start();
    drain();
}

static void without_an_index_nobody_takes_over(void **state)
{
    (void)state;
    start_page_out_and_break_off();
    options.settings[0].value = "/tmp/not/there";
    assert_refused(EBUSY, "there is no index /tmp/not/there.index");
    options.settings[0].value = store;
    start();
    drain();
}

static void another_domains_index_is_refused(void **state)
{
    (void)state;
    start_page_out_and_break_off();
    fake_xen.uuid = 1;
    assert_refused(ESTALE, "another domain");
    fake_xen.uuid = 0;
    start();
    drain();
}

static void flip(off_t offset)
{
    int fd = open(index_path, O_RDWR);
    unsigned char byte;

    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

static void a_damaged_index_is_refused(void **state)
{
    static const off_t offsets[] = {3, 30, 50, ENTRY_OFFSET, ENTRY_OFFSET + 5};

    (void)state;
    start_page_out_and_break_off();
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        flip(offsets[i]);
        assert_int_equal(daemon_start(&d), -EBADMSG);
        assert_one_line(d.message);
        clean_up();
        flip(offsets[i]);
    }
    start();
    drain();
}

static uint32_t set_entry(uint32_t gfn, uint32_t entry)
{
    int fd = open(index_path, O_RDWR);
    uint32_t old;

    assert_int_equal(pread(fd, &old, sizeof(old), ENTRY_OFFSET + 4 * (off_t)gfn), sizeof(old));
    assert_int_equal(pwrite(fd, &entry, sizeof(entry), ENTRY_OFFSET + 4 * (off_t)gfn),
                     sizeof(entry));
    close(fd);
    return old;
}

/* Its slot is not given away, and the page is there once the entry is. */
static void an_index_that_lacks_what_is_out_is_refused(void **state)
{
    uint32_t gfn = 0, entry;

    (void)state;
    start();
    page_out();
    while (pages_state(d.pages, gfn) != PAGE_PAGED)
        gfn++;
    clean_up();
    entry = set_entry(gfn, INDEX_NONE);
    assert_refused(EBADMSG, "the index does not say where it is");
    set_entry(gfn, entry);
    start();
    drain();
}

/* The fresh start is as it ever was. */
static void what_is_stale_with_nothing_out_is_overwritten(void **state)
{
    (void)state;
    start();
    clean_up();
    assert_true(fake_xen_paging_is_enabled());
    start(); /* takes over, with nothing out */
    assert_int_equal(pages_nr_paged(d.pages), 0);
    d.ending = DRAINED;
    options.settings[0].value = store;
    clean_up();
    assert_int_equal(close(open(index_path, O_WRONLY | O_CREAT, 0600)), 0);
    start();
    page_out();
    drain();
}

/* As a pager leaves it that is killed when paging is off, before it has ended. */
static void leave_paused_with_nothing_out(void)
{
    struct index_owner owner = {.domid = FAKE_DOMID, .store_id = 4711};
    struct index *index;
    struct xen_ops *ops;
    char message[256];

    assert_int_equal(index_create(index_path, &owner, &index, message, sizeof(message)), 0);
    assert_int_equal(xen_ops_open(FAKE_DOMID, &ops, message, sizeof(message)), 0);
    xen_keep_account(ops, &index_live(index)->nr_pauses);
    assert_int_equal(xen_pause(ops), 0);
    xen_ops_close(ops);
    index_close(index);
}

static void a_start_that_fails_with_nothing_out_leaves_no_pauses_of_the_dead(void **state)
{
    (void)state;
    leave_paused_with_nothing_out();
    fake_xen_fail(CALL_ENABLE, 1, ENOMEM);
    assert_int_equal(daemon_start(&d), -ENOMEM);
    clean_up();
    assert_true(supervised.is_over);
    assert_int_equal(access(index_path, F_OK), -1);
    assert_false(fake_xen_is_paused());
}

#define ON_STOCK(test) NAMED_TEST(test, "stock", setup, teardown)
#define ON_PATCHED(test) NAMED_TEST(test, "patched", setup_patched, teardown)
#define ON_BOTH(test) ON_STOCK(test), ON_PATCHED(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(what_is_out_is_taken_over),
        ON_BOTH(vcpus_that_waited_get_their_pages),
        ON_BOTH(a_ring_that_was_left_in_the_guests_reach_is_replaced),
        ON_BOTH(pauses_of_the_dead_are_undone),
        ON_BOTH(what_was_given_up_meanwhile_is_forgotten),
        ON_STOCK(the_file_behind_memory_is_known_to_the_supervisor),
        ON_STOCK(nominations_are_taken_back_when_nobody_is_attached),
        ON_BOTH(a_page_that_is_dropped_during_the_take_over_frees_its_slot_once),
        ON_BOTH(what_the_dead_have_kept_is_free),
        ON_PATCHED(what_the_dead_have_kept_is_free_whatever_xen_answers),
        ON_BOTH(told_to_end_before_it_began_it_drains),
        ON_BOTH(one_that_hands_over_leaves_all_as_it_is),
        ON_BOTH(nobody_hands_over_to_nobody),
        ON_STOCK(who_is_left_alone_serves_on_and_says_so),
        ON_STOCK(who_has_a_supervisor_is_not_alone_whoever_says_so),
        ON_BOTH(who_drains_does_not_hand_over),
        ON_BOTH(what_is_encrypted_is_taken_over_with_its_key),
        ON_BOTH(without_the_key_nobody_takes_over),
        ON_BOTH(without_an_index_nobody_takes_over),
        ON_BOTH(another_domains_index_is_refused),
        ON_BOTH(a_damaged_index_is_refused),
        ON_PATCHED(an_index_that_lacks_what_is_out_is_refused),
        ON_BOTH(what_is_stale_with_nothing_out_is_overwritten),
        ON_BOTH(a_start_that_fails_with_nothing_out_leaves_no_pauses_of_the_dead),
    };

    return cmocka_run_group_tests_name("take_over", tests, NULL, NULL);
}
