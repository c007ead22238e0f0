/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as a whole, from its start to its end, over the fakes: what its modules make of each
 * other, what comes from outside, and that an end leaves nobody waiting.
 */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balance.h"
#include "capture.h"
#include "daemon.h"
#include "evict.h"
#include "failing.h"
#include "fake_engine.h"
#include "fake_xen.h"
#include "fake_xs.h"
#include "loop.h"
#include "options.h"
#include "page.h"
#include "pages.h"
#include "store.h"
#include "xen_ops.h"

#define NR_GFNS 256u
#define TARGET "/local/domain/7/memory/target-tot_pages"
#define PAGING "/libxl/7/paging/"

static struct options options;
static struct daemon d;

static void add_option(const char *key, const char *value)
{
    options.settings[options.nr_settings].key = key;
    options.settings[options.nr_settings].value = value;
    options.nr_settings++;
}

static void prepare(void)
{
    fake_xs_reset();
    fake_xs_set("/local/domain/7", "");
    fake_engine_reset();
    fake_engine.in_use = true;
    options = (struct options){.domid = FAKE_DOMID};
    add_option("store", "/nowhere");
    add_option("target-min", "64");
    d = (struct daemon){.options = &options};
}

static int setup(void **state)
{
    *state = NULL;
    be_quiet(true);
    fake_xen_create(NR_GFNS);
    fake_xen.free_host_pages = 100000;
    prepare();
    return 0;
}

static int setup_patched(void **state)
{
    return setup_on_patched(setup, state);
}

static int teardown(void **state)
{
    (void)state;
    daemon_clean_up(&d);
    fake_xen_assert_no_complaint();
    assert_int_equal(fake_xs_nr_open(), 0);
    fake_xen_destroy();
    fake_engine_reset();
    be_quiet(false);
    return 0;
}

static void clean_up(void)
{
    daemon_clean_up(&d);
    d = (struct daemon){.options = &options};
}

static void start(void)
{
    if (daemon_start(&d))
        fail_msg("%s", d.message);
}

/* The end of a daemon that has nothing out. */
static void end(void)
{
    d.ending = DRAINED;
    clean_up();
}

static void assert_refused(int error, const char *why)
{
    assert_int_equal(daemon_start(&d), -error);
    assert_one_line(d.message);
    assert_says(d.message, why);
    clean_up();
    assert_false(fake_xen_paging_is_enabled());
    assert_true(fake_xen_ring_is_in_physmap());
}

static void assert_node(const char *path, const char *expected)
{
    char value[256] = "(none)";

    fake_xs_get(path, value);
    assert_string_equal(value, expected);
}

static void set_target(uint64_t pages)
{
    balance_set_target(d.balance, pages);
}

static bool target_is_reached(void *arg)
{
    (void)arg;
    return fake_xen_resident() <= balance_target(d.balance) && !evict_is_busy(d.evict);
}

static void page_out_to(uint64_t pages)
{
    set_target(pages);
    loop_until(d.base, target_is_reached, NULL);
    loop_settle(d.base);
}

/* --- The start. --- */

static void a_start_attaches_and_an_end_detaches(void **state)
{
    (void)state;
    start();
    assert_true(fake_xen_paging_is_enabled());
    end();
    assert_false(fake_xen_paging_is_enabled());
    assert_true(fake_engine.removed);
}

static void the_start_says_in_one_line_what_kind_of_xen_it_is(void **state)
{
    const char *said;

    (void)state;
    be_quiet(false);
    capture_begin();
    start();
    said = capture_end();
    be_quiet(true);
    assert_int_equal(nr_lines(said), 1);
    assert_says(said, fake_xen_is_patched() ? "a patched Xen" : "warning: a stock Xen");
    assert_says(said, fake_xen_is_patched() ? "when a page is let go" : "can be lost");
}

static void a_domain_that_is_not_there_is_refused(void **state)
{
    (void)state;
    fake_xen.gone = true;
    assert_int_equal(daemon_start(&d), -ESRCH);
    assert_says(d.message, "no such domain");
    clean_up();
    fake_xen.gone = false;
    fake_xen.dying = true;
    assert_refused(ESRCH, "no such domain");
}

static void guests_that_cannot_be_paged_are_refused(void **state)
{
    (void)state;
    fake_xen.pv = true;
    assert_refused(EINVAL, "PV");
    fake_xen.pv = false;
    fake_xen.no_hap = true;
    assert_refused(ENODEV, "HAP");
    fake_xen.no_hap = false;
    fake_xen_fail(CALL_ENABLE, 1, EMLINK);
    assert_refused(EMLINK, "IOMMU");
}

static void a_bad_option_is_refused_before_anything_is_opened(void **state)
{
    (void)state;
    add_option("policy", "lru");
    fake_xs_refuse(ECONNREFUSED);
    assert_refused(EINVAL, "--policy: 'lru'");
}

static void settings_come_from_xenstore(void **state)
{
    (void)state;
    options.nr_settings = 0;
    fake_xs_set(PAGING "policy", "sweep");
    fake_xs_set(PAGING "store", "/somewhere");
    fake_xs_set(PAGING "target-min", "128");
    start();
    assert_string_equal(d.settings.policy, "sweep");
    assert_string_equal(d.store_path, "/somewhere");
    assert_int_equal(d.settings.target_min, 128);
}

static void options_go_over_xenstore(void **state)
{
    (void)state;
    add_option("policy", "random");
    fake_xs_set(PAGING "policy", "sweep");
    start();
    assert_string_equal(d.settings.policy, "random");
}

static void a_bad_value_in_xenstore_is_named_with_its_path(void **state)
{
    (void)state;
    fake_xs_set(PAGING "store-max", "much");
    assert_refused(EINVAL, PAGING "store-max: 'much'");
}

static void the_directory_is_made_for_nobody_else(void **state)
{
    char directory[] = "/tmp/test_daemon_XXXXXX", path[64];
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/pages", directory);
    options.nr_settings = 0;
    add_option("directory", path);
    start();
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_says(d.store_path, "/pages/xenpaging2-7");
    end();
    start(); /* and it is used again */
    end();
    rmdir(path);
    rmdir(directory);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    options.nr_settings = 0;
    add_option("directory", "/proc/not/there");
    assert_refused(ENOENT, "directory: '/proc/not/there' cannot be made");
}

static void a_guest_larger_than_our_tables_is_refused(void **state)
{
    (void)state;
    fake_xen.hidden_gfns = NR_GFNS; /* the highest gfn is -1 in 32 bits */
    assert_refused(E2BIG, "below 2^32");
}

static void a_guest_without_a_page_for_the_ring_is_refused(void **state)
{
    (void)state;
    fake_xen_fail(CALL_HVM_PARAM, 1, ENXIO);
    assert_refused(ENXIO, "no page aside for the paging ring");
}

/* With a store in the file arg, or in memory. */
static int start_and_clean_up(void *arg)
{
    int rc;

    if (!fake_xen_ring_is_in_physmap())
        guest_take(NR_GFNS - 1);
    prepare();
    if (arg) {
        fake_engine.in_use = false;
        add_option("store", arg);
    }
    rc = daemon_start(&d);
    if (rc) {
        assert_one_line(d.message);
    } else {
        d.ending = DRAINED;
        fail_nth(0); /* what the last status lacks memory for is only logged */
    }
    clean_up();
    assert_false(fake_xen_paging_is_enabled());
    return rc;
}

static void failure_to_start_leaves_nothing_behind(void **state)
{
    (void)state;
    check_every_failure(start_and_clean_up, NULL);
}

static void failure_to_start_with_a_file_leaves_nothing_behind(void **state)
{
    char directory[] = "/tmp/test_daemon_XXXXXX", path[64];

    (void)state;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/pages", directory);
    check_every_failure(start_and_clean_up, path);
    assert_int_equal(rmdir(directory), 0); /* no file is left in it */
}

/* --- The target. --- */

static bool is_resident(void *arg)
{
    return fake_xen_resident() == *(uint64_t *)arg;
}

static void wait_for_resident(uint64_t pages)
{
    loop_until(d.base, is_resident, &pages);
}

static void the_target_in_xenstore_is_followed(void **state)
{
    (void)state;
    fake_xs_set(TARGET, "800"); /* KiB */
    start();
    wait_for_resident(200);
    fake_xs_set(TARGET, " 400\n");
    wait_for_resident(100);
}

static void a_target_that_makes_no_sense_leaves_the_last_one(void **state)
{
    static const char *const bad[] = {"", "-1", "400k", "99999999999999999999"};

    (void)state;
    fake_xs_set(TARGET, "800");
    start();
    wait_for_resident(200);
    for (int i = 0; i < 4; i++)
        fake_xs_set(TARGET, bad[i]);
    fake_xs_set(TARGET, NULL);
    loop_for(d.base, 50);
    assert_int_equal(balance_target(d.balance), 200);
    fake_xs_set(TARGET, "796");
    wait_for_resident(199);
}

static void a_target_of_the_command_line_is_not_overruled(void **state)
{
    (void)state;
    add_option("target", "800");
    fake_xs_set(TARGET, "400");
    start();
    balance_set_target(d.balance, d.settings.target / 4); /* as daemon_run() does */
    wait_for_resident(200);
    loop_for(d.base, 50);
    assert_int_equal(fake_xen_resident(), 200);
}

/* --- While a batch is under way. --- */

static unsigned int calls_since_fault;

static void fault_at_the_first_nomination(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call == CALL_NOMINATE && !calls_since_fault)
        guest_read(0, 0);
    if (call == CALL_NOMINATE || call == CALL_EVICT)
        calls_since_fault += guest_is_waiting(0);
}

/* evict.h: "a fault never waits for a batch". Here it comes right at the start of one. */
static void a_fault_waits_for_few_hypercalls_of_a_batch(void **state)
{
    (void)state;
    start();
    page_out_to(250);
    calls_since_fault = 0;
    fake_xen.before_call = fault_at_the_first_nomination;
    page_out_to(250 - EVICT_BATCH);
    fake_xen.before_call = NULL;
    assert_in_range(calls_since_fault, 1, 2 * 16);
}

/* --- The end. --- */

static struct event *raise_later;

static void raise_sigterm(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what, (void)arg;
    raise(SIGTERM);
}

/* Runs the daemon with a signal that comes at once. */
static void run_and_terminate(void)
{
    struct timeval now = {0};

    raise_later = event_new(d.base, -1, 0, raise_sigterm, NULL);
    event_add(raise_later, &now);
    alarm(120);
    daemon_run(&d);
    alarm(0);
    event_free(raise_later);
}

static void a_signal_brings_all_back_and_ends_the_daemon(void **state)
{
    (void)state;
    start();
    page_out_to(50);
    run_and_terminate();
    assert_int_equal(d.ending, DRAINED);
    assert_int_equal(fake_xen_resident(), NR_GFNS);
    clean_up();
    assert_false(fake_xen_paging_is_enabled());
    assert_true(fake_engine.removed);
    assert_node(PAGING "state", "stopped");
    assert_node(PAGING "status/paged", "0");
    fake_xen_assert_at_peace();
}

/* The drain ends with a page that a vCPU waits for: it must hear of it before paging goes off. */
static void the_end_of_a_drain_leaves_no_vcpu_paused(void **state)
{
    (void)state;
    start();
    page_out_to(NR_GFNS - 1); /* one page is out */
    fake_engine.hold = true;
    balance_drain(d.balance);
    loop_settle(d.base);
    assert_int_equal(pages_state(d.pages, 0), PAGE_LOADING);
    assert_false(guest_read_emulated(0, 0)); /* waits for the very load that ends the drain */
    loop_settle(d.base);
    fake_engine_release();
    event_base_dispatch(d.base);
    assert_int_equal(d.ending, DRAINED);
    clean_up(); /* paging off */
    assert_false(guest_is_waiting(0));
    fake_xen_assert_no_complaint();
}

/* The last load is done, and a request for its gfn is in the ring that nobody has seen yet. */
static void request_with_the_last_load(enum fake_call call, uint32_t gfn)
{
    if (call == CALL_LOAD)
        guest_read_emulated(3, gfn);
}

static void a_request_that_comes_with_the_last_load_is_answered(void **state)
{
    (void)state;
    start();
    page_out_to(NR_GFNS - 1);
    fake_xen.before_call = request_with_the_last_load;
    balance_drain(d.balance);
    event_base_dispatch(d.base);
    fake_xen.before_call = NULL;
    assert_int_equal(d.ending, DRAINED);
    clean_up();
    assert_false(guest_is_waiting(3));
    fake_xen_assert_no_complaint();
}

static void report_late(enum fake_call call, uint32_t gfn)
{
    (void)gfn;
    if (call == CALL_PAUSE)
        guest_report_late(3, 0);
}

static void assert_answered_at_the_end(void (*report)(enum fake_call call, uint32_t gfn))
{
    start();
    fake_xen.before_call = report;
    balance_drain(d.balance);
    event_base_dispatch(d.base);
    clean_up();
    fake_xen.before_call = NULL;
    assert_false(guest_is_waiting(3));
    fake_xen_assert_no_complaint();
}

/* What Xen's own delay between p2m and ring may bring: pausing the guest waits for it. */
static void a_request_that_comes_while_paging_ends_is_answered(void **state)
{
    (void)state;
    assert_answered_at_the_end(report_late);
    assert_false(fake_xen_is_paused());
}

static void report_late_without_memory(enum fake_call call, uint32_t gfn)
{
    if (call == CALL_PAUSE)
        fake_xen_fail(CALL_PREP, 1, ENOMEM);
    report_late(call, gfn);
}

/* It cannot be put off any more: Xen completes it itself as far as it can. */
static void a_request_that_cannot_be_completed_while_paging_ends_is_answered(void **state)
{
    (void)state;
    assert_answered_at_the_end(report_late_without_memory);
}

static void a_second_signal_does_not_cut_a_drain_short(void **state)
{
    (void)state;
    start();
    page_out_to(50);
    fake_engine.hold = true;
    daemon_told_to_end(SIGTERM, 0, &d);
    loop_for(d.base, 20);
    daemon_told_to_end(SIGTERM, 0, &d);
    loop_for(d.base, 20);
    assert_int_equal(d.ending, NOT_ENDED);
    fake_engine_release();
    event_base_dispatch(d.base);
    assert_int_equal(d.ending, DRAINED);
}

/* What is blocked stays so in a program that is executed. */
static void a_signal_is_heard_whoever_started_the_daemon(void **state)
{
    sigset_t signals, before;

    (void)state;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, &before);
    start();
    page_out_to(50);
    raise(SIGTERM);
    alarm(20);
    event_base_dispatch(d.base);
    alarm(0);
    assert_int_equal(d.ending, DRAINED);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* The domain is paused until what cannot be had is back. */
static void who_has_failed_has_failed_while_it_drains_too(void **state)
{
    (void)state;
    start();
    page_out_to(50);
    daemon_cannot_load(&d, 5, "its checksum is wrong");
    fake_engine.hold = true;
    daemon_told_to_end(SIGTERM, 0, &d);
    loop_for(d.base, 20);
    clean_up();
    assert_node(PAGING "state", "failed");
}

static void a_domain_that_goes_ends_the_daemon_and_leaves_no_nodes(void **state)
{
    char value[256];

    (void)state;
    start();
    page_out_to(50);
    fake_xen.gone = true;
    fake_xs_set("/local/domain/7", NULL);
    fake_xs_fire("@releaseDomain");
    event_base_dispatch(d.base);
    assert_int_equal(d.ending, DOMAIN_GONE);
    clean_up();
    assert_true(fake_engine.removed);
    assert_false(fake_xs_get(PAGING "state", value));
    fake_xen.gone = false;
}

/* Whatever is noticed first: its nodes, a signal of who tidies up, a page that cannot be loaded. */
static void a_domain_that_is_gone_ends_the_daemon_however_it_is_noticed(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        start();
        fake_xen.gone = true;
        if (how == 0)
            daemon_target_changed(&d, NULL);
        else if (how == 1)
            daemon_told_to_end(SIGTERM, 0, &d);
        else
            daemon_cannot_load(&d, 5, "the store cannot read it");
        assert_int_equal(d.ending, DOMAIN_GONE);
        assert_false(d.failed);
        clean_up();
        fake_xen.gone = false;
        fake_xen_destroy(); /* with the next start it is another one */
        fake_xen_create(NR_GFNS);
        prepare();
    }
}

static void a_loop_that_breaks_down_leaves_the_domain_paused(void **state)
{
    (void)state;
    start();
    page_out_to(50);
    event_base_loopexit(d.base, NULL);
    daemon_run(&d);
    assert_int_equal(d.ending, NOT_ENDED);
    assert_true(fake_xen_is_paused());
    clean_up();
    assert_node(PAGING "state", "failed");
    assert_node(PAGING "error", "the event loop broke down");
    assert_false(fake_engine.removed);
}

static void another_domain_that_goes_changes_nothing(void **state)
{
    (void)state;
    start();
    page_out_to(50);
    fake_xs_fire("@releaseDomain");
    loop_for(d.base, 20);
    assert_int_equal(d.ending, NOT_ENDED);
    page_out_to(40);
}

static void a_daemon_broken_off_leaves_the_pages_where_they_are(void **state)
{
    (void)state;
    start();
    page_out_to(50);
    clean_up(); /* without any end */
    assert_true(fake_xen_paging_is_enabled());
    assert_false(fake_engine.removed);
}

static void a_page_that_cannot_be_loaded_pauses_the_domain_and_says_so(void **state)
{
    (void)state;
    start();
    page_out_to(50);
    daemon_cannot_load(&d, 5, "its checksum is wrong");
    assert_true(fake_xen_is_paused());
    loop_for(d.base, 20);
    clean_up();
    assert_node(PAGING "state", "failed");
    assert_node(PAGING "error", "gfn 0x5 cannot be brought back: its checksum is wrong");
}

/* By `xl unpause`. */
static void assert_one_unpause_lets_the_domain_go_on(void)
{
    struct xen_ops *xl;
    char message[256];

    assert_true(fake_xen_is_paused());
    assert_int_equal(xen_ops_open(FAKE_DOMID, &xl, message, sizeof(message)), 0);
    assert_int_equal(xen_unpause(xl), 0);
    xen_ops_close(xl);
    assert_false(fake_xen_is_paused());
}

static void who_fails_again_while_the_domain_is_paused_does_not_pause_it_again(void **state)
{
    (void)state;
    start();
    for (int i = 0; i < 3; i++) {
        daemon_cannot_load(&d, 5, "its checksum is wrong");
        daemon_all_can_load(&d);
    }
    assert_one_unpause_lets_the_domain_go_on();
    daemon_cannot_load(&d, 5, "its checksum is wrong");
    daemon_all_can_load(&d);
    assert_one_unpause_lets_the_domain_go_on();
    end();
}

static void the_first_reason_stands_and_the_domain_is_paused_once(void **state)
{
    (void)state;
    start();
    daemon_cannot_load(&d, 5, "its checksum is wrong");
    daemon_cannot_load(&d, 6, "the store cannot read it");
    assert_int_equal(fake_xen_nr_calls(CALL_PAUSE), 1);
    end();
    assert_node(PAGING "error", "gfn 0x5 cannot be brought back: its checksum is wrong");
}

/* It is written by a thread. */
static void await_node(const char *path, const char *expected)
{
    char value[256];

    for (int i = 0; i < 10000; i++) {
        strcpy(value, "(none)");
        fake_xs_get(path, value);
        if (!strcmp(value, expected))
            return;
        loop_for(d.base, 1);
    }
    fail_msg("%s is %s", path, value);
}

static void what_is_mended_is_over_and_the_next_failure_counts_again(void **state)
{
    (void)state;
    start();
    daemon_cannot_load(&d, 5, "the store cannot read it");
    await_node(PAGING "state", "failed");
    daemon_all_can_load(&d);
    await_node(PAGING "state", "running");
    await_node(PAGING "error", "(none)");
    assert_one_unpause_lets_the_domain_go_on(); /* that is the administrator's to do */
    daemon_cannot_load(&d, 6, "its checksum is wrong");
    assert_int_equal(fake_xen_nr_calls(CALL_PAUSE), 2);
    await_node(PAGING "state", "failed");
    await_node(PAGING "error", "gfn 0x6 cannot be brought back: its checksum is wrong");
    end();
}

/* --- A guest that grows. --- */

static void a_guest_that_grows_is_paged_as_a_whole(void **state)
{
    (void)state;
    fake_xen.hidden_gfns = 156;
    start();
    assert_int_equal(pages_nr_gfns(d.pages), 100);
    page_out_to(200);
    fake_xen.hidden_gfns = 0;
    page_out_to(64);
    assert_int_equal(pages_nr_gfns(d.pages), NR_GFNS);
    assert_int_equal(pages_nr_paged(d.pages), NR_GFNS - 64);
}

static bool looking_for_gfns_fails(unsigned int n)
{
    bool failed;

    fail_nth(n);
    daemon_look_for_gfns(&d);
    failed = failed_with();
    fail_nth(0);
    return failed;
}

static void a_guest_that_outgrows_our_memory_is_paged_in_part(void **state)
{
    const uint32_t many = 2 * PART_GFNS; /* so that the tables do not have room for it */
    unsigned int n = 0;

    (void)state;
    fake_xen_destroy();
    fake_xen_create(many);
    fake_xen.hidden_gfns = many - 100;
    start();
    fake_xen.hidden_gfns = 0;
    while (looking_for_gfns_fails(++n))
        assert_int_equal(pages_nr_gfns(d.pages), 100);
    assert_in_range(n, 3, 10); /* the question failed, and memory for the tables */
    page_out_to(many / 2);
    assert_int_equal(pages_nr_gfns(d.pages), many);
}

#define ON_STOCK(test) NAMED_TEST(test, "stock", setup, teardown)
#define ON_PATCHED(test) NAMED_TEST(test, "patched", setup_patched, teardown)
#define ON_BOTH(test) ON_STOCK(test), ON_PATCHED(test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(a_start_attaches_and_an_end_detaches),
        ON_BOTH(the_start_says_in_one_line_what_kind_of_xen_it_is),
        ON_BOTH(a_domain_that_is_not_there_is_refused),
        ON_BOTH(guests_that_cannot_be_paged_are_refused),
        ON_BOTH(a_bad_option_is_refused_before_anything_is_opened),
        ON_BOTH(settings_come_from_xenstore),
        ON_BOTH(options_go_over_xenstore),
        ON_BOTH(a_bad_value_in_xenstore_is_named_with_its_path),
        ON_BOTH(the_directory_is_made_for_nobody_else),
        ON_BOTH(a_directory_that_cannot_be_made_is_named),
        ON_BOTH(a_guest_larger_than_our_tables_is_refused),
        ON_BOTH(a_guest_without_a_page_for_the_ring_is_refused),
        ON_BOTH(failure_to_start_leaves_nothing_behind),
        ON_BOTH(failure_to_start_with_a_file_leaves_nothing_behind),
        ON_BOTH(the_target_in_xenstore_is_followed),
        ON_BOTH(a_target_that_makes_no_sense_leaves_the_last_one),
        ON_BOTH(a_target_of_the_command_line_is_not_overruled),
        ON_BOTH(a_fault_waits_for_few_hypercalls_of_a_batch),
        ON_BOTH(a_signal_brings_all_back_and_ends_the_daemon),
        ON_BOTH(the_end_of_a_drain_leaves_no_vcpu_paused),
        ON_BOTH(a_request_that_comes_with_the_last_load_is_answered),
        ON_BOTH(a_request_that_comes_while_paging_ends_is_answered),
        ON_BOTH(a_request_that_cannot_be_completed_while_paging_ends_is_answered),
        ON_BOTH(a_second_signal_does_not_cut_a_drain_short),
        ON_STOCK(a_signal_is_heard_whoever_started_the_daemon),
        ON_STOCK(who_has_failed_has_failed_while_it_drains_too),
        ON_BOTH(a_domain_that_goes_ends_the_daemon_and_leaves_no_nodes),
        ON_BOTH(a_domain_that_is_gone_ends_the_daemon_however_it_is_noticed),
        ON_BOTH(a_loop_that_breaks_down_leaves_the_domain_paused),
        ON_BOTH(another_domain_that_goes_changes_nothing),
        ON_BOTH(a_daemon_broken_off_leaves_the_pages_where_they_are),
        ON_BOTH(a_page_that_cannot_be_loaded_pauses_the_domain_and_says_so),
        ON_STOCK(who_fails_again_while_the_domain_is_paused_does_not_pause_it_again),
        ON_BOTH(the_first_reason_stands_and_the_domain_is_paused_once),
        ON_BOTH(what_is_mended_is_over_and_the_next_failure_counts_again),
        ON_BOTH(a_guest_that_grows_is_paged_as_a_whole),
        ON_BOTH(a_guest_that_outgrows_our_memory_is_paged_in_part),
    };

    return cmocka_run_group_tests_name("daemon", tests, NULL, NULL);
}
