/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor, whose workers are functions here: what each of them does with its life, in a
 * process of its own, is written down in lives[].
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "clock_ms.h"
#include "failing.h"
#include "fake_xen.h"
#include "fake_xs.h"
#include "index.h"
#include "secret.h"
#include "store_seal.h"
#include "supervised.h"
#include "supervisor.h"
#include "waiting.h"
#include "xen_ops.h"

#define PAGING "/libxl/7/paging/"
#define HANDED_OVER "XENPAGING2_HANDED_OVER"
#define MAX_LIVES 16
#define LONGEST_MS 60000 /* until something is heard */

typedef int life(struct supervised *supervised);

/* What workers do, and what is known of them. */
static struct {
    unsigned int nr;
    int64_t began_ms[MAX_LIVES];
    int64_t died_ms; /* of the one before, as the last one was told */
    struct store_secret secrets[MAX_LIVES];
} * known;
static life *lives[MAX_LIVES];

static char directory[40], index_path[64], store_path[64], program_path[64], stand_in[64],
    message[256];
static int manager; /* of services: its socket */
static sigset_t mask;

static int work(void *arg, struct supervised *supervised, const struct store_secret *secret)
{
    unsigned int nr = known->nr++;

    (void)arg;
    known->began_ms[nr] = clock_ms();
    known->died_ms = supervised->died_ms;
    known->secrets[nr] = *secret;
    _exit(lives[nr](supervised));
}

static int run_program(const char *program, char **argv)
{
    fflush(NULL); /* or a worker says it again */
    return supervisor_run(FAKE_DOMID, work, NULL, program, argv);
}

static int run(void)
{
    char *argv[] = {"env", "true", NULL};

    return run_program(program_path, argv);
}

/* --- Lives. --- */

static int ends_well(struct supervised *supervised)
{
    (void)supervised;
    return EXIT_SUCCESS;
}

static int is_refused(struct supervised *supervised)
{
    (void)supervised;
    return EXIT_FAILURE;
}

static int remembers_who_died(struct supervised *supervised)
{
    return supervised->died_ms == 4711 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void attach(struct supervised *supervised)
{
    strcpy(supervised->index_path, index_path);
    strcpy(supervised->store_file, store_path);
    supervised->attached_ms = clock_ms();
    supervised->attached = true;
    kill(supervised->supervisor, SUPERVISED_ATTACHED);
}

static int is_killed_before_it_is_attached(struct supervised *supervised)
{
    (void)supervised;
    raise(SIGKILL);
    return EXIT_FAILURE;
}

static int is_killed_soon(struct supervised *supervised)
{
    attach(supervised);
    raise(SIGKILL);
    return EXIT_FAILURE;
}

static int is_killed_when_it_is_known(struct supervised *supervised)
{
    struct pollfd heard = {.fd = manager, .events = POLLIN};

    attach(supervised);
    poll(&heard, 1, LONGEST_MS);
    raise(SIGKILL);
    return EXIT_FAILURE;
}

static int is_killed_later(struct supervised *supervised)
{
    attach(supervised);
    supervised->attached_ms -= 1000;
    raise(SIGKILL);
    return EXIT_FAILURE;
}

/* With a store in memory, say. */
static int is_killed_without_an_index(struct supervised *supervised)
{
    attach(supervised);
    supervised->index_path[0] = '\0';
    raise(SIGKILL);
    return EXIT_FAILURE;
}

/* All that is shared, up to the last byte of its last page. */
static int runs_wild(struct supervised *supervised)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    attach(supervised);
    memset(supervised->index_path, '/',
           (sizeof(*supervised) + page - 1) / page * page -
               offsetof(struct supervised, index_path));
    raise(SIGKILL);
    return EXIT_FAILURE;
}

/* After its index has gone, and before its store has. */
static int is_killed_when_all_is_back(struct supervised *supervised)
{
    attach(supervised);
    supervised->is_over = true;
    unlink(index_path);
    raise(SIGKILL);
    return EXIT_FAILURE;
}

static int breaks_down(struct supervised *supervised)
{
    attach(supervised);
    return EXIT_FAILURE;
}

/* What is sent to the supervisor is for the worker. */
static int waits_for(struct supervised *supervised, int sig)
{
    sigset_t set;
    int got;

    sigemptyset(&set);
    sigaddset(&set, sig);
    sigprocmask(SIG_BLOCK, &set, NULL);
    attach(supervised);
    kill(supervised->supervisor, sig);
    return sigwait(&set, &got) || got != sig ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int waits_for_the_order_to_drain(struct supervised *supervised)
{
    return waits_for(supervised, SIGTERM) || !supervised->drain;
}

static int waits_for_an_interrupt(struct supervised *supervised)
{
    return waits_for(supervised, SIGINT) || !supervised->drain;
}

/* The program of most tests goes meanwhile, so that it cannot be executed in their place. */
static int hands_over(struct supervised *supervised)
{
    int code = waits_for(supervised, SIGUSR2) || supervised->drain;

    unlink(program_path);
    supervised->hands_over = true;
    return code;
}

/* The order to drain comes when it has stopped to listen. */
static int hands_over_as_the_order_comes(struct supervised *supervised)
{
    int code = waits_for(supervised, SIGUSR2) || waits_for(supervised, SIGTERM);

    supervised->hands_over = true;
    return code;
}

static int hands_over_what_is_encrypted(struct supervised *supervised)
{
    supervised->needs_key = true;
    return hands_over(supervised);
}

static int is_killed_with_a_store_that_is_encrypted(struct supervised *supervised)
{
    supervised->needs_key = true;
    return is_killed_soon(supervised);
}

/* Signals come in the order of their numbers. */
static int is_not_told_to_hand_over(struct supervised *supervised)
{
    sigset_t set, pending;
    int got;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(supervised->supervisor, SIGUSR2);
    kill(supervised->supervisor, SIGTERM);
    sigdelset(&set, SIGUSR2);
    if (sigwait(&set, &got) || sigpending(&pending) || sigismember(&pending, SIGUSR2))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

static int is_not_told_to_hand_over_once_it_serves(struct supervised *supervised)
{
    attach(supervised);
    return is_not_told_to_hand_over(supervised);
}

/* The order may find nobody there. */
static int dies_as_the_order_comes(struct supervised *supervised)
{
    attach(supervised);
    kill(supervised->supervisor, SIGTERM);
    raise(SIGKILL);
    return EXIT_FAILURE;
}

static int drains_once_it_is_told(struct supervised *supervised)
{
    sigset_t set;
    const struct timespec limit = {.tv_sec = 5};

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    attach(supervised);
    if (!__atomic_load_n(&supervised->drain, __ATOMIC_SEQ_CST))
        sigtimedwait(&set, NULL, &limit);
    return supervised->drain ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* --- A place for them. --- */

static void make_index(void)
{
    struct index_owner owner = {.domid = FAKE_DOMID, .store_id = 1};
    struct index *index;

    memset(owner.uuid, fake_xen.uuid, sizeof(owner.uuid));
    assert_int_equal(index_create(index_path, &owner, &index, message, sizeof(message)), 0);
    index_close(index);
}

static uint32_t pauses_in_index(void)
{
    struct index_owner owner = {.domid = FAKE_DOMID};
    struct index *index;
    uint32_t nr;

    memset(owner.uuid, fake_xen.uuid, sizeof(owner.uuid));
    assert_int_equal(index_open(index_path, &owner, &index, message, sizeof(message)), 0);
    nr = index_live(index)->nr_pauses;
    index_close(index);
    return nr;
}

static void start_manager(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    snprintf(at.sun_path, sizeof(at.sun_path), "%s/manager", directory);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager, (struct sockaddr *)&at, sizeof(at)), 0);
    setenv("NOTIFY_SOCKET", at.sun_path, 1);
}

/* Says its version as the next pager does, and executes its arguments. */
static void make_stand_in(void)
{
    FILE *script = fopen(stand_in, "we");

    assert_non_null(script);
    fprintf(
        script,
        "#!/bin/sh\n[ \"$1\" != --version ] || exec echo \"stand-in (index %u)\"\nexec \"$@\"\n",
        INDEX_VERSION);
    fclose(script);
    assert_int_equal(chmod(stand_in, 0700), 0);
}

static int setup(void **state)
{
    *state = NULL;
    be_quiet(true);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    known = mmap(NULL, sizeof(*known), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    strcpy(directory, "/tmp/test_supervisor_XXXXXX");
    if (known == MAP_FAILED || !mkdtemp(directory))
        return -1;
    snprintf(index_path, sizeof(index_path), "%s/pages.index", directory);
    snprintf(store_path, sizeof(store_path), "%s/pages", directory);
    snprintf(program_path, sizeof(program_path), "%s/program", directory);
    snprintf(stand_in, sizeof(stand_in), "%s/stand-in", directory);
    make_stand_in();
    if (symlink(stand_in, program_path))
        return -1;
    fake_xen_create(16);
    fake_xs_reset();
    fake_xs_set("/local/domain/7", "");
    start_manager();
    make_index();
    return 0;
}

static int teardown(void **state)
{
    char path[64];

    (void)state;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SUPERVISED_ATTACHED, SIG_DFL);
    unsetenv(HANDED_OVER);
    unsetenv("NOTIFY_SOCKET");
    assert_int_equal(fake_xs_nr_open(), 0);
    fake_xen_destroy();
    fake_xen = (struct fake_xen){0};
    close(manager);
    munmap(known, sizeof(*known));
    memset(lives, 0, sizeof(lives));
    snprintf(path, sizeof(path), "%s/manager", directory);
    unlink(path);
    unlink(index_path);
    unlink(store_path);
    unlink(program_path);
    unlink(stand_in);
    be_quiet(false);
    return rmdir(directory);
}

static void assert_node(const char *path, const char *expected)
{
    char value[256] = "(none)";

    fake_xs_get(path, value);
    assert_string_equal(value, expected);
}

static void assert_manager_hears(const char *expected)
{
    char heard[256];
    ssize_t n = recv(manager, heard, sizeof(heard) - 1, 0);

    if (n < 0)
        fail_msg("not heard: %s", expected);
    heard[n] = '\0';
    assert_string_equal(heard, expected);
}

/* --- The tests. --- */

static void a_worker_that_ends_well_is_the_end(void **state)
{
    (void)state;
    lives[0] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 1);
    assert_false(fake_xen_is_paused());
    assert_node(PAGING "state", "(none)");
}

static void a_start_that_was_refused_is_not_tried_again(void **state)
{
    (void)state;
    lives[0] = is_refused;
    assert_int_equal(run(), EXIT_FAILURE);
    assert_int_equal(known->nr, 1);
    assert_false(fake_xen_is_paused());
    assert_node(PAGING "state", "(none)");
}

static void who_dies_before_anything_is_out_has_left_nothing(void **state)
{
    (void)state;
    lives[0] = is_killed_before_it_is_attached;
    be_quiet(false);
    capture_begin();
    assert_int_equal(run(), 128 + SIGKILL);
    assert_says(capture_end(), "error: the pager has died: Killed, before it served the domain\n");
    assert_int_equal(known->nr, 1);
    assert_false(fake_xen_is_paused());
}

static void a_worker_that_dies_is_replaced_and_the_domain_is_paused(void **state)
{
    int64_t before = clock_ms();

    (void)state;
    lives[0] = is_killed_soon;
    lives[1] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 2);
    assert_int_equal(fake_xen_nr_calls(CALL_PAUSE), 1);
    assert_true(fake_xen_is_paused());
    assert_int_equal(pauses_in_index(), 1);
    assert_node(PAGING "state", "failed");
    assert_node(PAGING "error", "the pager has died: Killed");
    assert_in_range(known->died_ms, before, clock_ms());
}

static void a_worker_that_breaks_down_is_replaced_too(void **state)
{
    (void)state;
    lives[0] = breaks_down;
    lives[1] = is_refused; /* now there is something to lose */
    lives[2] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 3);
    assert_node(PAGING "error", "the pager has ended with code 1");
}

static void assert_same_key_and_a_later_epoch(const struct store_secret *secret,
                                              const struct store_secret *before)
{
    assert_memory_equal(secret->key, before->key, sizeof(secret->key));
    assert_int_equal(secret->id, before->id);
    assert_true(secret->epoch > before->epoch);
}

static void workers_have_the_same_key_and_each_an_epoch_of_its_own(void **state)
{
    struct store_secret before;

    (void)state;
    lives[0] = is_killed_soon;
    lives[1] = is_killed_soon;
    lives[2] = ends_well;
    lives[3] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_same_key_and_a_later_epoch(&known->secrets[1], &known->secrets[0]);
    assert_same_key_and_a_later_epoch(&known->secrets[2], &known->secrets[1]);
    before = known->secrets[2];
    assert_int_equal(run(), EXIT_SUCCESS); /* another supervisor */
    assert_memory_not_equal(known->secrets[3].key, before.key, sizeof(before.key));
    assert_int_not_equal(known->secrets[3].id, before.id);
}

static void the_key_is_that_of_the_supervisor_before(void **state)
{
    bool was_left;
    struct store_secret *before = secret_create(&was_left);

    (void)state;
    before->epoch = 5;
    assert_int_equal(secret_leave(before), 0);
    setenv(HANDED_OVER, "4711", 1);
    lives[0] = hands_over; /* to what cannot be executed */
    lives[1] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_same_key_and_a_later_epoch(&known->secrets[0], before);
    assert_same_key_and_a_later_epoch(&known->secrets[1], &known->secrets[0]);
    secret_destroy(before);
}

static void do_nothing(void)
{
}

/* In a process of its own, which is made something of first. */
static int run_in_child_that(const char *program, char **argv, void (*first)(void))
{
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (!pid) {
        first();
        _exit(supervisor_run(FAKE_DOMID, work, NULL, program, argv));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* As it becomes another program. */
static int run_in_child(const char *program, char **argv)
{
    return run_in_child_that(program, argv, do_nothing);
}

/* It has no index that could be opened, and none of another domain's. */
static void a_worker_that_has_run_wild_does_not_take_its_supervisor_along(void **state)
{
    char *argv[] = {"nothing", NULL};

    (void)state;
    lives[0] = runs_wild;
    lives[1] = ends_well;
    assert_int_equal(run_in_child("/nowhere", argv), EXIT_SUCCESS);
    assert_int_equal(known->nr, 2);
    assert_int_equal(pauses_in_index(), 0);
}

static void assert_that_a_death_is_seen_by_one_that(void (*begins)(void))
{
    char *argv[] = {"nothing", NULL};

    lives[0] = is_killed_soon;
    lives[1] = ends_well;
    assert_int_equal(run_in_child_that("/nowhere", argv, begins), EXIT_SUCCESS);
    assert_int_equal(known->nr, 2);
}

/* As its log is, if that goes to a program that has ended. */
static void break_stderr(void)
{
    int ends[2];

    if (pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0)
        abort();
    close(ends[0]);
    close(ends[1]);
    be_quiet(false);
}

static void nobody_who_reads_the_log_is_needed(void **state)
{
    (void)state;
    assert_that_a_death_is_seen_by_one_that(break_stderr);
}

static void leave_children_to_nobody(void)
{
    signal(SIGCHLD, SIG_IGN);
    alarm(20);
}

/* What is ignored stays so in a program that is executed. */
static void a_death_is_noticed_whoever_started_the_supervisor(void **state)
{
    (void)state;
    assert_that_a_death_is_seen_by_one_that(leave_children_to_nobody);
}

static void who_dies_soon_again_and_again_is_given_up(void **state)
{
    (void)state;
    for (int i = 0; i < MAX_LIVES; i++)
        lives[i] = is_killed_soon;
    assert_int_equal(run(), EXIT_FAILURE);
    assert_int_equal(known->nr, 5);
    for (int i = 2; i < 5; i++)
        assert_true(known->began_ms[i] - known->began_ms[i - 1] >= 100 << (i - 2));
    assert_true(fake_xen_is_paused());
    assert_int_equal(pauses_in_index(), fake_xen_nr_calls(CALL_PAUSE));
    assert_node(PAGING "state", "failed");
    assert_node(PAGING "error", "the pager has died: Killed; given up after 5 times, "
                                "the domain stays paused");
}

/* As the service manager hears it. */
static void await_given_up(void)
{
    struct pollfd heard = {.fd = manager, .events = POLLIN};
    char text[256] = "";
    ssize_t n = 0;

    while (n >= 0 && !strstr(text, "given up") && poll(&heard, 1, LONGEST_MS) == 1) {
        n = recv(manager, text, sizeof(text) - 1, 0);
        text[n > 0 ? n : 0] = '\0';
    }
}

static pid_t in_another_process(void (*tell)(pid_t supervisor))
{
    pid_t pid, supervisor = getpid();

    fflush(NULL);
    pid = fork();
    if (pid)
        return pid;
    await_given_up();
    tell(supervisor);
    _exit(EXIT_SUCCESS);
}

static void try_again(pid_t supervisor)
{
    kill(supervisor, SIGUSR2);
}

static void who_has_the_key_waits_to_be_told_to_try_again(void **state)
{
    pid_t teller = in_another_process(try_again);

    (void)state;
    unlink(program_path); /* it is tried again by the one that is there */
    for (int i = 0; i < 5; i++)
        lives[i] = is_killed_with_a_store_that_is_encrypted;
    lives[5] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 6);
    assert_same_key_and_a_later_epoch(&known->secrets[5], &known->secrets[4]);
    waitpid(teller, NULL, 0);
}

static void domain_dies(int sig)
{
    (void)sig;
    fake_xen.dying = true;
}

/* Until it has looked. */
static void end_and_have_the_domain_die(pid_t supervisor)
{
    kill(supervisor, SIGTERM);
    while (!kill(supervisor, SIGALRM))
        usleep(1000);
}

static void who_has_the_key_ends_with_the_domain_and_not_before(void **state)
{
    pid_t teller;

    (void)state;
    signal(SIGALRM, domain_dies);
    teller = in_another_process(end_and_have_the_domain_die);
    for (int i = 0; i < 5; i++)
        lives[i] = is_killed_with_a_store_that_is_encrypted;
    assert_int_equal(run(), EXIT_SUCCESS);
    kill(teller, SIGKILL);
    waitpid(teller, NULL, 0);
    signal(SIGALRM, SIG_DFL);
    assert_int_equal(known->nr, 5);
    assert_int_equal(access(index_path, F_OK), -1);
}

static void who_has_lived_for_a_while_does_not_count(void **state)
{
    const uint64_t before = waited_us();

    (void)state;
    for (int i = 0; i < 10; i++)
        lives[i] = is_killed_later;
    lives[10] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 11);
    assert_int_equal(waited_us(), before); /* nor is anything waited for */
}

static void nobody_can_take_over_without_an_index(void **state)
{
    (void)state;
    close(open(store_path, O_CREAT | O_CLOEXEC, 0600)); /* of no use to anybody */
    lives[0] = is_killed_without_an_index;
    be_quiet(false);
    capture_begin();
    assert_int_equal(run(), EXIT_FAILURE);
    assert_says(capture_end(), "the domain stays paused: what was out is gone, destroy it\n");
    assert_int_equal(known->nr, 1);
    assert_true(fake_xen_is_paused());
    assert_int_equal(access(store_path, F_OK), -1);
    assert_node(PAGING "error", "the pager has died: Killed; given up after 1 times, "
                                "the domain stays paused");
}

static void a_death_that_the_domain_has_died_before_is_the_end(void **state)
{
    (void)state;
    close(open(store_path, O_CREAT | O_CLOEXEC, 0600));
    fake_xen.dying = true;
    lives[0] = is_killed_soon;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 1);
    assert_int_equal(access(store_path, F_OK), -1);
    assert_int_equal(access(index_path, F_OK), -1);
    assert_node(PAGING "state", "(none)");
}

static void a_domain_that_cannot_be_paused_is_served_all_the_same(void **state)
{
    (void)state;
    fake_xen_fail(CALL_PAUSE, 1, EPERM);
    lives[0] = is_killed_soon;
    lives[1] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 2);
    assert_int_equal(pauses_in_index(), 0);
}

/* A pause would have no account that it could be undone by. */
static void who_dies_when_all_is_back_leaves_the_domain_alone(void **state)
{
    (void)state;
    close(open(store_path, O_CREAT | O_CLOEXEC, 0600));
    lives[0] = is_killed_when_all_is_back;
    assert_int_equal(run(), 128 + SIGKILL);
    assert_int_equal(known->nr, 1);
    assert_false(fake_xen_is_paused());
    assert_int_equal(access(store_path, F_OK), -1);
    assert_node(PAGING "state", "(none)");
}

static void signals_are_for_the_worker(void **state)
{
    (void)state;
    lives[0] = waits_for_the_order_to_drain;
    assert_int_equal(run(), EXIT_SUCCESS);
    lives[1] = waits_for_an_interrupt;
    assert_int_equal(run(), EXIT_SUCCESS);
}

static void an_order_outlives_the_worker_that_got_it(void **state)
{
    (void)state;
    lives[0] = dies_as_the_order_comes;
    lives[1] = drains_once_it_is_told;
    assert_int_equal(run(), EXIT_SUCCESS);
}

static void handing_over_executes_what_is_there_by_now(void **state)
{
    char *argv[] = {"env",
                    "sh",
                    "-c",
                    "[ \"$" HANDED_OVER "\" -gt 0 ] && [ $0 = word ] && "
                    "[ -z \"$XENPAGING2_SECRET\" ] && exit 42",
                    "word",
                    NULL};

    (void)state;
    lives[0] = hands_over;
    assert_int_equal(run_in_child(stand_in, argv), 42);
}

/* The one that is executed might not drain: nobody would tell it. */
static void an_order_that_comes_as_the_worker_hands_over_is_not_lost(void **state)
{
    char *argv[] = {"env", "sh", "-c", "exit 42", NULL};

    (void)state;
    lives[0] = hands_over_as_the_order_comes;
    lives[1] = drains_once_it_is_told;
    assert_int_equal(run_in_child(stand_in, argv), EXIT_SUCCESS);
}

static void a_signal_is_not_the_end_of_what_is_executed(void **state)
{
    char *argv[] = {"env", "sh", "-c", "kill -TERM $$ && kill -USR2 $$ && exit 42", NULL};

    (void)state;
    lives[0] = hands_over;
    assert_int_equal(run_in_child(stand_in, argv), 42);
}

static void the_key_is_handed_over_if_it_is_needed(void **state)
{
    char *argv[] = {"env", "sh", "-c", "[ -s /proc/self/fd/$XENPAGING2_SECRET ] && exit 42", NULL};

    (void)state;
    lives[0] = hands_over_what_is_encrypted;
    assert_int_equal(run_in_child(stand_in, argv), 42);
}

static void what_cannot_be_executed_does_not_keep_the_next_worker(void **state)
{
    (void)state;
    lives[0] = hands_over;
    lives[1] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 2);
}

/*
 * Which is found out while there is a way back: it is not there, ends with an error, or has another
 * index.
 */
static void nobody_hands_over_to_what_cannot_take_over(void **state)
{
    char *programs[][2] = {
        {"/nowhere/to/be/found", NULL}, {"/bin/false", NULL}, {"/usr/bin/env", NULL}};

    (void)state;
    for (unsigned int i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        lives[i] = is_not_told_to_hand_over_once_it_serves;
        assert_int_equal(run_program(programs[i][0], programs[i]), EXIT_SUCCESS);
        assert_int_equal(known->nr, i + 1);
        assert_false(fake_xen_is_paused());
    }
}

static void nobody_hands_over_what_he_has_not_got_yet(void **state)
{
    (void)state;
    lives[0] = is_not_told_to_hand_over;
    assert_int_equal(run(), EXIT_SUCCESS);
}

/* It has to get through its start: what the one before had out is still out. */
static void the_first_worker_after_a_handover_is_not_the_first(void **state)
{
    (void)state;
    setenv(HANDED_OVER, "4711", 1);
    lives[0] = remembers_who_died;
    lives[1] = ends_well;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_int_equal(known->nr, 2);
    assert_true(fake_xen_is_paused());
    assert_node(PAGING "state", "failed");
}

/* The pause is in the account of the one that has handed over. */
static void a_domain_that_is_paused_already_is_not_paused_without_an_account(void **state)
{
    struct xen_ops *ops;

    (void)state;
    assert_int_equal(xen_ops_open(FAKE_DOMID, &ops, message, sizeof(message)), 0);
    assert_int_equal(xen_pause(ops), 0);
    xen_ops_close(ops);
    setenv(HANDED_OVER, "4711", 1);
    for (int i = 0; i < 5; i++)
        lives[i] = is_refused;
    assert_int_equal(run(), EXIT_FAILURE);
    assert_int_equal(known->nr, 5);
    assert_int_equal(fake_xen_nr_calls(CALL_PAUSE), 1);
}

static void the_service_manager_hears_of_it(void **state)
{
    (void)state;
    lives[0] = is_killed_when_it_is_known;
    lives[1] = waits_for_the_order_to_drain;
    assert_int_equal(run(), EXIT_SUCCESS);
    assert_manager_hears("READY=1\nSTATUS=the domain is served");
    assert_manager_hears("STATUS=the pager has died: Killed");
    assert_manager_hears("READY=1\nSTATUS=the domain is served");
    assert_manager_hears("STOPPING=1\nSTATUS=all memory is being brought back");
}

static void without_memory_to_share_it_does_not_start(void **state)
{
    (void)state;
    for (unsigned int nth = 1; nth <= 2; nth++) {
        fail_nth(nth);
        assert_int_equal(run(), EXIT_FAILURE);
        assert_int_equal(failed_with(), ENOMEM);
        fail_nth(0);
    }
    assert_int_equal(known->nr, 0);
}

#define SUPERVISED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(a_worker_that_ends_well_is_the_end),
        SUPERVISED(a_start_that_was_refused_is_not_tried_again),
        SUPERVISED(who_dies_before_anything_is_out_has_left_nothing),
        SUPERVISED(a_worker_that_dies_is_replaced_and_the_domain_is_paused),
        SUPERVISED(a_worker_that_breaks_down_is_replaced_too),
        SUPERVISED(workers_have_the_same_key_and_each_an_epoch_of_its_own),
        SUPERVISED(the_key_is_that_of_the_supervisor_before),
        SUPERVISED(a_worker_that_has_run_wild_does_not_take_its_supervisor_along),
        SUPERVISED(nobody_who_reads_the_log_is_needed),
        SUPERVISED(a_death_is_noticed_whoever_started_the_supervisor),
        SUPERVISED(who_dies_soon_again_and_again_is_given_up),
        SUPERVISED(who_has_the_key_waits_to_be_told_to_try_again),
        SUPERVISED(who_has_the_key_ends_with_the_domain_and_not_before),
        SUPERVISED(who_has_lived_for_a_while_does_not_count),
        SUPERVISED(nobody_can_take_over_without_an_index),
        SUPERVISED(a_death_that_the_domain_has_died_before_is_the_end),
        SUPERVISED(a_domain_that_cannot_be_paused_is_served_all_the_same),
        SUPERVISED(who_dies_when_all_is_back_leaves_the_domain_alone),
        SUPERVISED(signals_are_for_the_worker),
        SUPERVISED(an_order_outlives_the_worker_that_got_it),
        SUPERVISED(handing_over_executes_what_is_there_by_now),
        SUPERVISED(an_order_that_comes_as_the_worker_hands_over_is_not_lost),
        SUPERVISED(a_signal_is_not_the_end_of_what_is_executed),
        SUPERVISED(the_key_is_handed_over_if_it_is_needed),
        SUPERVISED(what_cannot_be_executed_does_not_keep_the_next_worker),
        SUPERVISED(nobody_hands_over_to_what_cannot_take_over),
        SUPERVISED(nobody_hands_over_what_he_has_not_got_yet),
        SUPERVISED(the_first_worker_after_a_handover_is_not_the_first),
        SUPERVISED(a_domain_that_is_paused_already_is_not_paused_without_an_account),
        SUPERVISED(the_service_manager_hears_of_it),
        SUPERVISED(without_memory_to_share_it_does_not_start),
    };

    return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}
