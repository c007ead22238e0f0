/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "between_workers.h"
#include "clock_ms.h"
#include "log.h"
#include "notify.h"
#include "secret.h"
#include "store_seal.h"
#include "successor.h"
#include "supervised.h"

#define MAX_DEATHS 5       /* in a row, each of them soon */
#define SETTLED_MS 1000    /* who lived that long after its start has not died soon */
#define FIRST_BACK_OFF 100 /* ms; none before the first new worker, and twice as much each time */
#define LOOK_S 1           /* how often one that has given up looks whether the domain is there */

/* In the environment of a supervisor that takes the place of another one: when that one's worker
 * ended, in clock_ms(). */
#define HANDED_OVER "XENPAGING2_HANDED_OVER"

struct supervisor {
    uint32_t domid;
    supervisor_work_fn *work;
    void *arg;
    const char *program;
    char **argv;
    struct supervised *shared;
    struct store_secret *secret;
    bool has_key; /* somebody has needed the secret */
    sigset_t awaited, before;
    pid_t worker;
    bool took_over; /* it is not the first one */
    unsigned int nr_deaths;
    int exit_code; /* when there is no worker any more */
};

/* --- The worker. --- */

_Noreturn static void be_worker(const struct supervisor *s)
{
    sigprocmask(SIG_SETMASK, &s->before, NULL);
    exit(s->work(s->arg, s->shared, s->secret));
}

static int start_worker(struct supervisor *s)
{
    s->shared->attached = false;
    s->shared->hands_over = false;
    s->shared->is_over = false;
    s->secret->epoch++;
    s->worker = fork();
    if (s->worker == 0)
        be_worker(s);
    if (s->worker < 0)
        log_error("cannot start a process for the pager: %s", strerror(errno));
    return s->worker < 0 ? -1 : 0;
}

/* SIGUSR2 would be the end of a worker that does not wait for it yet. */
static bool can_hand_over(const struct supervisor *s)
{
    if (s->shared->attached)
        return successor_is_fit(s->program, s->argv);
    log_warning("%s: not before the domain is served", strsignal(SIGUSR2));
    return false;
}

/* What the terminal sends, it sends to the worker, too. */
static void pass_on(struct supervisor *s, const siginfo_t *info)
{
    if (info->si_signo == SIGUSR2 && !can_hand_over(s))
        return;
    if (info->si_signo != SIGUSR2) {
        s->shared->drain = true;
        notify_send(NOTIFY_DRAINS);
    }
    if (info->si_code != SI_KERNEL)
        kill(s->worker, info->si_signo);
}

static void handle(struct supervisor *s, const siginfo_t *info)
{
    if (info->si_signo == SUPERVISED_ATTACHED && s->shared->attached)
        notify_send(NOTIFY_SERVED);
    else if (info->si_signo != SUPERVISED_ATTACHED && info->si_signo != SIGCHLD)
        pass_on(s, info);
}

/* Waits for the worker's end, whose status this is. */
static int await_worker(struct supervisor *s)
{
    siginfo_t info;
    int status;

    for (;;) {
        pid_t pid = waitpid(s->worker, &status, WNOHANG);

        if (pid == s->worker)
            return status;
        if (sigwaitinfo(&s->awaited, &info) > 0)
            handle(s, &info);
    }
}

/* What a worker that has run wild says is no text, perhaps. */
static void end_texts(struct supervised *shared)
{
    shared->index_path[sizeof(shared->index_path) - 1] = '\0';
    shared->store_file[sizeof(shared->store_file) - 1] = '\0';
}

static void describe(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "the pager has died: %s", strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "the pager has ended with code %d", WEXITSTATUS(status));
}

/* What does not get through its start has nothing out, unless another one had before it. */
static bool has_come_to_its_end(const struct supervisor *s, int status)
{
    bool may_have_left_something = s->shared->attached || s->took_over;

    if (s->shared->is_over)
        return true;
    if (WIFSIGNALED(status))
        return !may_have_left_something && !s->shared->index_path[0];
    return WEXITSTATUS(status) == EXIT_SUCCESS || !may_have_left_something;
}

static void back_off(const struct supervisor *s)
{
    if (s->nr_deaths > 1)
        usleep((useconds_t)FIRST_BACK_OFF * 1000 << (s->nr_deaths - 2));
}

/* What was out was in the memory of the one that has died. */
static bool is_hopeless(const struct supervisor *s)
{
    return s->shared->attached && !s->shared->index_path[0];
}

/* Returns false if it is not worth another try. */
static bool count_death(struct supervisor *s)
{
    if (s->shared->attached && clock_ms() - s->shared->attached_ms >= SETTLED_MS)
        s->nr_deaths = 0;
    return ++s->nr_deaths < MAX_DEATHS && !is_hopeless(s);
}

/* What there is to be done, to go on after the reason; nothing if we are to be told. */
static const char *advice(const struct supervisor *s)
{
    if (s->has_key)
        return "";
    if (is_hopeless(s))
        return ": what was out is gone, destroy it";
    return ": start xenpaging2 again to go on";
}

/* As its worker would have done, had it lived to see it. */
static void clear_away(const struct supervisor *s)
{
    if (s->shared->store_file[0])
        unlink(s->shared->store_file);
    if (s->shared->index_path[0])
        unlink(s->shared->index_path);
}

static void give_up(const struct supervisor *s, const char *why)
{
    char text[256];

    snprintf(text, sizeof(text), "%s; given up after %u times, the domain stays paused", why,
             s->nr_deaths);
    log_error("%s%s", text, advice(s));
    domain_report_failed(s->domid, text);
    if (is_hopeless(s))
        clear_away(s);
}

static void clear_away_after_domain(struct supervisor *s)
{
    clear_away(s);
    s->exit_code = EXIT_SUCCESS;
}

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Who is killed has left something to be cleared away, perhaps, and has not said why it ends. */
static int end_with(const struct supervisor *s, int status)
{
    char why[128];

    if (WIFSIGNALED(status)) {
        describe(status, why, sizeof(why));
        log_error("%s, %s", why,
                  s->shared->is_over ? "when all was over" : "before it served the domain");
        if (s->shared->is_over)
            clear_away(s);
    }
    return exit_code(status);
}

static bool start_another_worker(struct supervisor *s)
{
    s->took_over = true;
    return !start_worker(s);
}

/* Sees to it that there is a worker again. Returns false if there is not going to be one. */
static bool replace_worker(struct supervisor *s, int status)
{
    char why[128];

    describe(status, why, sizeof(why));
    if (!domain_hold(s->domid, s->shared->index_path)) {
        log_warning("%s, and the domain is gone", why);
        clear_away_after_domain(s);
        return false;
    }
    if (!count_death(s)) {
        give_up(s, why);
        return false;
    }
    log_error("%s; the domain is paused until the next one has taken over", why);
    domain_report_failed(s->domid, why);
    back_off(s);
    return start_another_worker(s);
}

/*
 * Returns with an error if that cannot be. Signals stay blocked: the next one takes those that come
 * meanwhile, which would be its end before it waits for them.
 */
static int execute(struct supervisor *s)
{
    char ended[24];
    int rc = s->has_key ? secret_leave(s->secret) : 0;

    if (rc)
        return rc;
    snprintf(ended, sizeof(ended), "%" PRId64, s->shared->died_ms);
    setenv(HANDED_OVER, ended, 1);
    execv(s->program, s->argv);
    rc = -errno;
    secret_withdraw();
    return rc;
}

/* Another program, or another version of this one. If that cannot be, it is this one again. */
static bool hand_over(struct supervisor *s)
{
    int rc;

    log_info("handing over to %s", s->program);
    rc = execute(s);
    log_error("cannot execute %s: %s; going on", s->program, strerror(-rc));
    return start_another_worker(s);
}

/* It was given up before, and something may be another by now. */
static bool try_again(struct supervisor *s)
{
    s->nr_deaths = 0;
    return successor_is_fit(s->program, s->argv) ? hand_over(s) : start_another_worker(s);
}

/*
 * Nobody but us has the key of what is out. Returns true if there is a worker again, or false when
 * the domain is gone.
 */
static bool keep_key(struct supervisor *s)
{
    const struct timespec look = {.tv_sec = LOOK_S};
    int sig;

    log_error("the key of what is out is here: SIGUSR2 has it tried again");
    for (;;) {
        sig = sigtimedwait(&s->awaited, NULL, &look);
        if (sig == SIGTERM || sig == SIGINT)
            log_warning("%s: not before the domain is gone: all that is out would be lost",
                        strsignal(sig));
        if (sig == SIGUSR2 && try_again(s))
            return true;
        if (sig < 0 && !domain_is_there(s->domid)) {
            clear_away_after_domain(s);
            return false;
        }
    }
}

/* Returns false if it is all over. */
static bool goes_on(struct supervisor *s, bool has_worker)
{
    return has_worker || (s->has_key && s->exit_code && keep_key(s));
}

static int supervise(struct supervisor *s)
{
    bool has_worker = !start_worker(s);
    int status = 0;

    while (goes_on(s, has_worker)) {
        status = await_worker(s);
        s->shared->died_ms = clock_ms();
        end_texts(s->shared);
        s->has_key |= s->shared->needs_key;
        if (s->shared->hands_over && WIFEXITED(status))
            has_worker = s->shared->drain ? start_another_worker(s) : hand_over(s);
        else if (has_come_to_its_end(s, status))
            return end_with(s, status);
        else
            has_worker = replace_worker(s, status);
    }
    return s->exit_code;
}

/* A worker has but a copy of the secret. */
static int share(struct supervisor *s)
{
    s->secret = secret_create(&s->has_key);
    s->shared =
        mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->secret && s->shared != MAP_FAILED)
        return 0;
    log_error("cannot start a supervisor: %s", strerror(errno));
    return -1;
}

static void block_signals(struct supervisor *s)
{
    static const int signals[] = {SIGCHLD, SUPERVISED_ATTACHED, SIGTERM, SIGINT, SIGUSR2};

    sigemptyset(&s->awaited);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&s->awaited, signals[i]);
    signal(SIGHUP, SIG_IGN);  /* the terminal may go, the guest stays */
    signal(SIGPIPE, SIG_IGN); /* and so may who reads the log */
    signal(SIGCHLD, SIG_DFL); /* nobody is told of the end of children that are ignored */
    /* Waited for it is all the same; one that is left when signals are let through kills nobody. */
    signal(SUPERVISED_ATTACHED, SIG_IGN);
    sigprocmask(SIG_BLOCK, &s->awaited, &s->before);
}

int supervisor_run(uint32_t domid, supervisor_work_fn *work, void *arg, const char *program,
                   char **argv)
{
    const char *ended = getenv(HANDED_OVER);
    struct supervisor s = {.domid = domid,
                           .work = work,
                           .arg = arg,
                           .program = program,
                           .argv = argv,
                           .took_over = ended != NULL,
                           .exit_code = EXIT_FAILURE};
    int code = EXIT_FAILURE;

    if (!share(&s)) {
        s.shared->supervisor = getpid();
        if (ended)
            s.shared->died_ms = strtoll(ended, NULL, 10);
        block_signals(&s);
        code = supervise(&s);
    }
    secret_destroy(s.secret);
    return code;
}
