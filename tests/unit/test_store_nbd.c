/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store on an NBD server, which is a real one: nbdkit, with a file behind it. */
#include "test.h"

#include <dlfcn.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock_ms.h"
#include "failing.h"
#include "index.h"
#include "loop.h"
#include "nbd_proxy.h"
#include "nbd_server.h"
#include "page.h"
#include "sample_pages.h"
#include "store.h"
#include "waiting.h"

#define NR 100
#define SIZE "1048576" /* bytes: 256 pages */
#define NR_SLOTS 256

static struct event_base *base;
static struct store *store;
static char directory[32], uri[96], words[256], message[512];

static struct sample_page pages[NR];
static struct store_io ios[NR];
static unsigned int nr_under_way;

static const char *in_directory(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void make_file(const char *name, off_t size)
{
    int fd = open(in_directory(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

/* %s stands for the directory. */
static void start(const char *format)
{
    snprintf(words, sizeof(words), format, directory, directory); /* NOLINT */
    nbd_server_start(directory, words);
}

static void start_again(void)
{
    nbd_server_start(directory, words);
}

static int open_store(unsigned int connections)
{
    const struct store_options options = {.where = uri, .connections = connections};

    message[0] = '\0';
    store = NULL;
    return store_open(base, &options, &store, message, sizeof(message));
}

static int setup(void **state)
{
    *state = NULL;
    store = NULL;
    base = loop_create();
    strcpy(directory, "/tmp/test_nbd_XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(uri, sizeof(uri), "nbd+unix:///?socket=%s/socket", directory);
    make_file("disk", NR_SLOTS * PAGE_BYTES);
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"disk", "socket", "pid", "trigger", "proxy", "index"};

    (void)state;
    store_close(store);
    nbd_proxy_stop();
    nbd_server_kill();
    event_base_free(base);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(in_directory(names[i]));
    return rmdir(directory);
}

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

static void begin_out(uint32_t first, uint32_t nr)
{
    for (uint32_t i = first; i < first + nr; i++) {
        sample_page_fill(&pages[i], i, 500);
        ios[i] = (struct store_io){
            .page = &pages[i], .gfn = i, .slot = STORE_SLOT_NONE, .done = one_is_done};
        nr_under_way++;
        store_page_out(store, &ios[i]);
    }
}

static void begin_in(uint32_t first, uint32_t nr)
{
    for (uint32_t i = first; i < first + nr; i++) {
        memset(&pages[i], 0xdd, sizeof(pages[i]));
        nr_under_way++;
        store_page_in(store, &ios[i], STORE_FAULT);
    }
}

static void finish(void)
{
    loop_until(base, all_are_done, NULL);
}

static void check(uint32_t first, uint32_t nr)
{
    static struct sample_page expected;

    for (uint32_t i = first; i < first + nr; i++) {
        assert_int_equal(ios[i].error, 0);
        sample_page_fill(&expected, i, 500);
        assert_memory_equal(&pages[i], &expected, PAGE_BYTES);
    }
}

static void send_out_and_back(uint32_t first, uint32_t nr)
{
    begin_out(first, nr);
    finish();
    begin_in(first, nr);
    finish();
    check(first, nr);
}

static void pages_come_back_as_they_went(void **state)
{
    (void)state;
    start("file %s/disk");
    assert_int_equal(open_store(4), 0);
    send_out_and_back(0, NR);
    store_remove(store);
    assert_int_equal(access(in_directory("disk"), F_OK), 0); /* it is the server's */
}

/* Then writes would not be seen over the other ones. */
static void a_server_of_one_connection_gets_one(void **state)
{
    (void)state;
    start("--filter=multi-conn file %s/disk multi-conn-mode=disable");
    assert_int_equal(open_store(4), 0);
    send_out_and_back(0, NR);
}

static void there_are_as_many_slots_as_pages_in_the_export(void **state)
{
    (void)state;
    make_file("disk", 10 * PAGE_BYTES);
    start("file %s/disk");
    assert_int_equal(open_store(2), 0);
    begin_out(0, 11);
    finish();
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(ios[i].error, 0);
    assert_int_equal(ios[10].error, -ENOSPC);
}

static bool is_empty_on_disk(void *arg)
{
    static const struct sample_page zeros;
    static struct sample_page page;
    const uint32_t slot = *(uint32_t *)arg;
    int fd = open(in_directory("disk"), O_RDONLY | O_CLOEXEC);

    assert_int_equal(pread(fd, &page, PAGE_BYTES, (off_t)slot * PAGE_BYTES), PAGE_BYTES);
    close(fd);
    return !memcmp(&page, &zeros, PAGE_BYTES);
}

static void what_was_given_back_is_emptied_over_there(void **state)
{
    uint32_t slot;

    (void)state;
    start("file %s/disk");
    assert_int_equal(open_store(2), 0);
    begin_out(0, 10);
    finish();
    slot = ios[5].slot;
    assert_false(is_empty_on_disk(&slot));
    store_free(store, slot);
    loop_until(base, is_empty_on_disk, &slot);
    begin_in(0, 5);
    finish();
    check(0, 5);
}

/* --- A server that says no. --- */

static void an_error_of_the_server_comes_up_as_it_is(void **state)
{
    (void)state;
    make_file("trigger", 0);
    start("--filter=error file %s/disk error-pwrite=ENOSPC error-pread=EIO "
          "error-rate=100%% error-file=%s/trigger");
    assert_int_equal(open_store(2), 0);
    begin_out(0, 10);
    finish();
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(ios[i].error, -ENOSPC);
        assert_int_equal(ios[i].slot, STORE_SLOT_NONE);
    }
    unlink(in_directory("trigger"));
    begin_out(0, 10);
    finish();
    make_file("trigger", 0);
    begin_in(0, 10);
    finish();
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(ios[i].error, -EIO);
    unlink(in_directory("trigger"));
    begin_in(0, 10);
    finish();
    check(0, 10);
}

static void its_slots_may_be_kept(void **state)
{
    (void)state;
    start("file %s/disk");
    assert_int_equal(open_store(4), 0);
    send_out_and_back(0, 1);
    assert_true(store_may_keep(store, ios[0].slot));
}

/* --- A server that is slow. --- */

static unsigned int nr_writes_left;

static void note_writes_left(struct store_io *io)
{
    one_is_done(io);
    nr_writes_left = nr_under_way;
    event_base_loopbreak(base);
}

/* However many of them wait, and though each takes a minute. */
static void reads_overtake_writes(void **state)
{
    (void)state;
    start("file %s/disk");
    assert_int_equal(open_store(1), 0);
    begin_out(0, 1);
    finish();
    nbd_server_kill();
    start("--filter=delay file %s/disk delay-write=60");
    begin_in(0, 1);
    finish();
    begin_out(1, NR - 1);
    event_base_loop(base, EVLOOP_NONBLOCK);
    ios[0].done = note_writes_left;
    begin_in(0, 1);
    event_base_loop(base, 0);
    check(0, 1);
    assert_int_equal(nr_writes_left, NR - 1);
    nr_under_way = 0;
}

/* --- A server that goes and comes. --- */

static void what_is_asked_for_while_it_is_away_comes_when_it_is_back(void **state)
{
    (void)state;
    start("file %s/disk");
    assert_int_equal(open_store(4), 0);
    begin_out(0, 50);
    finish();
    nbd_server_kill();
    begin_in(0, 50);
    begin_out(50, 50);
    loop_for(base, 300);
    assert_int_equal(nr_under_way, 100);
    start_again();
    finish();
    check(0, 50);
    begin_in(50, 50);
    finish();
    check(50, 50);
}

static bool some_are_done(void *arg)
{
    (void)arg;
    return nr_under_way < NR - 5;
}

/* Kills it in the middle, if there is one. */
static unsigned int interrupt(void)
{
    unsigned int nr;

    loop_until(base, some_are_done, NULL);
    nr = nr_under_way;
    nbd_server_kill();
    start_again();
    finish();
    return nr;
}

static void what_was_under_way_when_it_was_killed_is_done_by_the_next(void **state)
{
    unsigned int nr_interrupted = 0;

    (void)state;
    start("--filter=delay file %s/disk delay-read=20ms delay-write=20ms");
    assert_int_equal(open_store(4), 0);
    for (int i = 0; i < 4; i++) {
        begin_out(0, NR);
        nr_interrupted += interrupt();
        begin_in(0, NR);
        nr_interrupted += interrupt();
        check(0, NR);
        for (uint32_t k = 0; k < NR; k++)
            store_free(store, ios[k].slot);
    }
    assert_true(nr_interrupted > 0);
}

/* They went out to a server that was killed, and come from the one after it. */
static void out_and_in_from_the_next(uint32_t first, uint32_t nr)
{
    begin_out(first, nr);
    finish();
    nbd_server_kill();
    start_again();
    begin_in(first, nr);
    finish();
}

/* Its pages are not there any more, and no others are taken for them. */
static void a_server_that_lost_everything_is_found_out(void **state)
{
    (void)state;
    start("memory " SIZE);
    assert_int_equal(open_store(2), 0);
    out_and_in_from_the_next(0, 10);
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(ios[i].error, -EBADMSG);
}

static void a_server_that_came_back_smaller_is_not_used(void **state)
{
    (void)state;
    start("file %s/disk");
    assert_int_equal(open_store(2), 0);
    begin_out(0, 10);
    finish();
    nbd_server_kill();
    make_file("disk", 5 * PAGE_BYTES);
    start_again();
    begin_in(0, 1);
    loop_for(base, 500);
    assert_int_equal(nr_under_way, 1);
    nbd_server_kill();
    make_file("disk", NR_SLOTS * PAGE_BYTES);
    start_again();
    finish();
    assert_int_equal(ios[0].error, -EBADMSG); /* the page is gone, but there was an answer */
}

static void closing_while_it_is_away_forgets_what_waits(void **state)
{
    (void)state;
    start("file %s/disk");
    assert_int_equal(open_store(4), 0);
    begin_out(0, 20);
    nbd_server_kill();
    begin_out(20, 20);
    loop_for(base, 50);
    store_close(store);
    store = NULL;
    nr_under_way = 0;
    loop_settle(base);
}

/* --- A name that is looked up. --- */

#define LONGEST_MS 60000

static atomic_bool names_are_slow, took_longest, nobody_listens_at_first;
static atomic_int nr_looked_up; /* at this moment */
static atomic_uint nr_lookups;

typedef int look_up_fn(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **addresses);

static int look_up_test(look_up_fn *real, const char *service, const struct addrinfo *hints,
                        struct addrinfo **addresses)
{
    int rc;

    nr_lookups++;
    if (!nobody_listens_at_first)
        return real("127.0.0.1", service, hints, addresses);
    rc = real("127.0.0.2", service, hints, addresses);
    return rc ? rc : real("127.0.0.1", service, hints, &(*addresses)->ai_next);
}

/* libnbd's call comes here. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **addresses)
{
    const bool is_ours = node && !strcmp(node, "store.test");
    look_up_fn *real;
    int ms, rc;

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    nr_looked_up += is_ours;
    for (ms = 0; is_ours && names_are_slow && ms < LONGEST_MS; ms++)
        usleep(1000);
    if (ms == LONGEST_MS)
        took_longest = true;
    rc = is_ours ? look_up_test(real, service, hints, addresses)
                 : real(node, service, hints, addresses);
    nr_looked_up -= is_ours;
    return rc;
}

/* The server goes, and its name is looked up until it can be found. */
static void let_name_be_looked_up(void)
{
    names_are_slow = true;
    nbd_server_kill();
    for (int i = 0; i < LONGEST_MS && !nr_looked_up && !took_longest; i++)
        loop_for(base, 1);
    assert_true(nr_looked_up > 0);
}

static void let_name_be_found(void)
{
    names_are_slow = false;
}

static unsigned int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    close(fd);
    return ntohs(at.sin_port);
}

/* A server with that name, and a store on it. */
static void start_with_name(void)
{
    const unsigned int port = free_port();
    char format[64];

    snprintf(format, sizeof(format), "-p %u -i 127.0.0.1 file %%s/disk", port);
    start(format);
    snprintf(uri, sizeof(uri), "nbd://store.test:%u", port);
    assert_int_equal(open_store(2), 0);
}

static void a_server_that_is_not_at_its_first_address_is_found_again(void **state)
{
    (void)state;
    nobody_listens_at_first = true;
    start_with_name();
    out_and_in_from_the_next(0, 10);
    check(0, 10);
    nobody_listens_at_first = false;
}

static bool several_have_been_looked_up(void *arg)
{
    return nr_lookups >= *(unsigned int *)arg;
}

/* Silence, which is given 10 s, is something else. */
static void a_server_that_refuses_is_tried_again_soon(void **state)
{
    int64_t before;
    unsigned int goal;

    (void)state;
    start_with_name();
    nbd_server_kill();
    before = clock_ms();
    goal = nr_lookups + 6;
    loop_until(base, several_have_been_looked_up, &goal);
    assert_in_range(clock_ms() - before, 0, 15000);
    start_again();
    begin_out(0, 1);
    finish();
}

static void a_name_that_is_looked_up_holds_nothing_up(void **state)
{
    (void)state;
    start_with_name();
    begin_out(0, 10);
    finish();
    let_name_be_looked_up();
    loop_for(base, 500);
    assert_false(took_longest);
    let_name_be_found();
    start_again();
    begin_in(0, 10);
    finish();
    check(0, 10);
}

static void closing_waits_for_a_name_that_is_looked_up(void **state)
{
    (void)state;
    start_with_name();
    let_name_be_looked_up();
    before_join = let_name_be_found;
    store_close(store);
    before_join = NULL;
    store = NULL;
    assert_int_equal(nr_looked_up, 0);
}

/* --- A network that delivers late. --- */

static void put_proxy_between(void)
{
    start("file %s/disk");
    nbd_proxy_start(directory);
    snprintf(uri, sizeof(uri), "nbd+unix:///?socket=%s/proxy", directory);
}

static void start_behind_proxy(void)
{
    put_proxy_between();
    assert_int_equal(open_store(1), 0);
}

/* Nothing in this process tells of it. */
static void wait_until_held(size_t bytes)
{
    for (int i = 0; i < 30000 && nbd_proxy_held() < bytes; i++)
        loop_for(base, 1);
    assert_true(nbd_proxy_held() >= bytes);
}

/* It is sent again, and its slot is given back and may be taken by another page. */
static void a_write_that_arrives_late_hurts_no_other_page(void **state)
{
    (void)state;
    start_behind_proxy();
    nbd_proxy_hold();
    begin_out(0, 1);
    wait_until_held(PAGE_BYTES);
    nbd_proxy_cut();
    finish();
    begin_in(0, 1);
    finish();
    check(0, 1);
    store_free(store, ios[0].slot);
    begin_out(0, NR);
    finish();
    nbd_proxy_let_go();
    begin_in(0, NR);
    finish();
    check(0, NR);
}

/* Nor does it matter which page has waited for the hole to be made. */
static void a_hole_that_is_made_late_hurts_no_page(void **state)
{
    const size_t request = 28; /* bytes, without data */

    (void)state;
    start_behind_proxy();
    begin_out(0, 10);
    finish();
    nbd_proxy_hold();
    store_free(store, ios[5].slot);
    wait_until_held(request);
    begin_out(5, 1);
    nbd_proxy_cut();
    finish();
    nbd_proxy_let_go();
    begin_in(0, 10);
    finish();
    check(0, 10);
}

/* --- A process that dies, and one that takes over. --- */

static struct index *index_;

/* As startup_store.c does it. */
static int live(bool takes_over)
{
    struct index_owner owner = {.domid = 7};
    struct store_options options = {.where = uri, .connections = 1, .encryption = STORE_ENCRYPT_NO};
    const char *path = in_directory("index");
    int rc = takes_over ? index_open(path, &owner, &index_, message, sizeof(message)) : 0;

    options.id = owner.store_id;
    if (!rc)
        rc = store_open(base, &options, &store, message, sizeof(message));
    if (rc)
        return rc;
    owner.store_id = store_id(store);
    if (!takes_over)
        rc = index_create(path, &owner, &index_, message, sizeof(message));
    return rc ? rc : store_use_index(store, index_);
}

/* Nothing that is under way is waited for. */
static void die(void)
{
    store_close(store);
    index_close(index_);
    store = NULL;
    index_ = NULL;
    nr_under_way = 0;
}

static bool is_not_gfn_5(void *arg, uint32_t slot, uint32_t gfn)
{
    (void)arg, (void)slot;
    return gfn != 5;
}

static bool is_nothing(void *arg, uint32_t slot, uint32_t gfn)
{
    (void)arg, (void)slot, (void)gfn;
    return false;
}

static void take_over(bool (*is_named)(void *arg, uint32_t slot, uint32_t gfn))
{
    assert_int_equal(live(true), 0);
    store_adopt(store, is_named, NULL);
}

/* With so many pages in the store, and nothing under way. */
static void live_and_die(uint32_t nr)
{
    start("file %s/disk");
    assert_int_equal(live(false), 0);
    begin_out(0, nr);
    finish();
    die();
}

/* A write of gfn 5 is on its way. */
static void begin_life_and_be_late(void)
{
    put_proxy_between();
    assert_int_equal(live(false), 0);
    begin_out(0, 5);
    finish();
    nbd_proxy_hold();
    begin_out(5, 1);
    wait_until_held(PAGE_BYTES);
    nbd_proxy_cut();
}

/* Nor those of the one after the next. */
static void a_late_write_of_a_dead_process_hurts_no_page(void **state)
{
    (void)state;
    begin_life_and_be_late();
    die();
    take_over(is_not_gfn_5);
    begin_out(6, 20);
    finish();
    die();
    take_over(is_not_gfn_5);
    begin_out(26, 20);
    finish();
    nbd_proxy_let_go();
    begin_in(0, 5);
    begin_in(6, 40);
    finish();
    check(0, 5);
    check(6, 40);
    die();
}

/* It had its answer the second time. */
static void what_a_dead_process_has_sent_twice_hurts_no_page(void **state)
{
    (void)state;
    begin_life_and_be_late();
    finish();
    die();
    take_over(is_not_gfn_5);
    begin_out(6, 20);
    finish();
    nbd_proxy_let_go();
    begin_in(6, 20);
    finish();
    check(6, 20);
    die();
}

static void a_late_hole_of_a_dead_process_hurts_no_page(void **state)
{
    const size_t request = 28; /* bytes, without data */

    (void)state;
    put_proxy_between();
    assert_int_equal(live(false), 0);
    begin_out(0, 10);
    finish();
    nbd_proxy_hold();
    store_free(store, ios[5].slot);
    wait_until_held(request);
    nbd_proxy_cut();
    die();
    take_over(is_not_gfn_5);
    begin_out(5, 1);
    finish();
    nbd_proxy_let_go();
    begin_in(0, 10);
    finish();
    check(0, 10);
    die();
}

static void what_had_its_answer_is_used_again(void **state)
{
    (void)state;
    live_and_die(10);
    take_over(is_nothing);
    begin_out(20, 10);
    finish();
    for (uint32_t i = 20; i < 30; i++)
        assert_in_range(ios[i].slot, 0, 9);
    begin_in(20, 10);
    finish();
    check(20, 10);
    die();
}

static void another_export_is_not_taken_for_the_one_of_before(void **state)
{
    (void)state;
    live_and_die(NR);
    strcat(uri, "&other=1");
    assert_int_equal(live(true), -ESTALE);
    assert_one_line(message);
    assert_says(message, "is not the store that its index is of");
    index_close(index_);
    uri[strlen(uri) - strlen("&other=1")] = '\0';
    nbd_server_kill();
    make_file("disk", (NR - 1) * PAGE_BYTES);
    start_again();
    assert_int_equal(live(true), -ENOSPC);
    die();
}

static int take_over_and_die(void *arg)
{
    int rc = live(true);

    (void)arg;
    die();
    return rc;
}

static void failure_to_take_over_leaves_nothing_behind(void **state)
{
    (void)state;
    live_and_die(10);
    check_every_failure(take_over_and_die, NULL);
}

/* --- What is refused at the start. --- */

static void assert_refused(int error, const char *why)
{
    const struct holdings before = holdings_now();

    assert_int_equal(open_store(2), -error);
    assert_one_line(message);
    assert_says(message, uri);
    assert_says(message, why);
    assert_holds(&before);
}

static void a_server_that_is_not_there_is_refused(void **state)
{
    (void)state;
    assert_refused(ENOENT, "No such file");
    start("file %s/disk");
    nbd_server_kill();
    assert_refused(ECONNREFUSED, "refused");
}

static void an_export_that_is_no_store_is_refused(void **state)
{
    (void)state;
    start("-r file %s/disk");
    assert_refused(EINVAL, "can only be read");
    nbd_server_kill();
    start("memory 512");
    assert_refused(ENOSPC, "smaller than a page");
    nbd_server_kill();
    start("--filter=blocksize-policy file %s/disk blocksize-minimum=8192 blocksize-preferred=8192");
    assert_refused(EINVAL, "larger than a page");
}

static void a_uri_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    strcpy(uri, "nbd+unix://");
    assert_refused(EINVAL, "URI");
}

static int open_and_close(void *arg)
{
    int rc = open_store(1);

    (void)arg;
    store_close(store);
    store = NULL;
    return rc;
}

static void failure_to_open_leaves_nothing_behind(void **state)
{
    (void)state;
    start("file %s/disk");
    check_every_failure(open_and_close, NULL);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(pages_come_back_as_they_went),
        WITH_SERVER(a_server_of_one_connection_gets_one),
        WITH_SERVER(there_are_as_many_slots_as_pages_in_the_export),
        WITH_SERVER(what_was_given_back_is_emptied_over_there),
        WITH_SERVER(an_error_of_the_server_comes_up_as_it_is),
        WITH_SERVER(its_slots_may_be_kept),
        WITH_SERVER(reads_overtake_writes),
        WITH_SERVER(what_is_asked_for_while_it_is_away_comes_when_it_is_back),
        WITH_SERVER(what_was_under_way_when_it_was_killed_is_done_by_the_next),
        WITH_SERVER(a_server_that_lost_everything_is_found_out),
        WITH_SERVER(a_server_that_came_back_smaller_is_not_used),
        WITH_SERVER(closing_while_it_is_away_forgets_what_waits),
        WITH_SERVER(a_server_that_is_not_at_its_first_address_is_found_again),
        WITH_SERVER(a_server_that_refuses_is_tried_again_soon),
        WITH_SERVER(a_name_that_is_looked_up_holds_nothing_up),
        WITH_SERVER(closing_waits_for_a_name_that_is_looked_up),
        WITH_SERVER(a_write_that_arrives_late_hurts_no_other_page),
        WITH_SERVER(a_hole_that_is_made_late_hurts_no_page),
        WITH_SERVER(a_late_write_of_a_dead_process_hurts_no_page),
        WITH_SERVER(what_a_dead_process_has_sent_twice_hurts_no_page),
        WITH_SERVER(a_late_hole_of_a_dead_process_hurts_no_page),
        WITH_SERVER(what_had_its_answer_is_used_again),
        WITH_SERVER(another_export_is_not_taken_for_the_one_of_before),
        WITH_SERVER(failure_to_take_over_leaves_nothing_behind),
        WITH_SERVER(a_server_that_is_not_there_is_refused),
        WITH_SERVER(an_export_that_is_no_store_is_refused),
        WITH_SERVER(a_uri_that_makes_no_sense_is_refused),
        WITH_SERVER(failure_to_open_leaves_nothing_behind),
    };

    if (!nbd_server_is_there()) {
        print_message("SKIPPED: nbdkit is not installed\n");
        return 0;
    }
    return cmocka_run_group_tests_name("store_nbd", tests, NULL, NULL);
}
