/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <unistd.h>

#include "failing.h"
#include "io_threads.h"
#include "loop.h"
#include "waiting.h"

#define MAX_IOS 3000

/* One operation and what has become of it. */
struct job {
    struct store_io io;
    int result;
    int nr_done;
};

static struct event_base *base;
static struct io_threads *threads;
static struct job jobs[MAX_IOS];
static pthread_t loop_thread;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for all below */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool gate_closed;
static unsigned int nr_at_gate, nr_carried_out, most_together;
static unsigned int nr_reads_at_gate;
static const struct store_io *order[MAX_IOS];

static void carry_out(void *arg, struct store_io **ios, unsigned int nr)
{
    const bool is_read = ios[0]->urgency < STORE_PAGE_OUT;

    assert_ptr_equal(arg, &base);
    assert_false(pthread_equal(pthread_self(), loop_thread));
    assert_in_range(nr, 1, ios[0]->urgency == STORE_FAULT ? 1 : IO_THREADS_TOGETHER);
    pthread_mutex_lock(&lock);
    nr_at_gate++;
    nr_reads_at_gate += is_read;
    most_together = nr > most_together ? nr : most_together;
    pthread_cond_broadcast(&changed);
    while (gate_closed)
        pthread_cond_wait(&changed, &lock);
    nr_at_gate--;
    nr_reads_at_gate -= is_read;
    for (unsigned int i = 0; i < nr; i++) {
        order[nr_carried_out++] = ios[i];
        ios[i]->error = ((const struct job *)ios[i])->result;
    }
    pthread_mutex_unlock(&lock);
}

static void set_gate(bool closed)
{
    pthread_mutex_lock(&lock);
    gate_closed = closed;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for_gate(unsigned int nr)
{
    pthread_mutex_lock(&lock);
    while (nr_at_gate < nr)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

static void wait_for_carried_out(unsigned int nr)
{
    bool reached = false;

    while (!reached) {
        pthread_mutex_lock(&lock);
        reached = nr_carried_out >= nr;
        pthread_mutex_unlock(&lock);
        usleep(100);
    }
}

static void job_done(struct store_io *io)
{
    struct job *job = (struct job *)io;

    assert_true(pthread_equal(pthread_self(), loop_thread));
    assert_int_equal(io->error, job->result);
    job->nr_done++;
}

static void submit(struct job *job, enum store_urgency urgency)
{
    job->io.urgency = urgency;
    job->io.engine_done = job_done;
    job->io.error = 1; /* neither 0 nor an errno */
    io_threads_submit(threads, &job->io);
}

static bool all_done(void *arg)
{
    unsigned int nr = *(unsigned int *)arg;

    for (unsigned int i = 0; i < nr; i++)
        if (!jobs[i].nr_done)
            return false;
    return true;
}

static void wait_for(unsigned int nr)
{
    loop_until(base, all_done, &nr);
}

static int create(unsigned int nr_threads)
{
    for (int i = 0; i < MAX_IOS; i++)
        jobs[i] = (struct job){.nr_done = 0};
    loop_thread = pthread_self();
    gate_closed = false;
    nr_at_gate = nr_reads_at_gate = nr_carried_out = most_together = 0;
    return io_threads_create(base, nr_threads, carry_out, &base, &threads);
}

static int setup(void **state)
{
    *state = NULL;
    base = loop_create();
    return create(1);
}

static int teardown(void **state)
{
    (void)state;
    set_gate(false);
    io_threads_destroy(threads);
    event_base_free(base);
    return 0;
}

static void an_operation_is_done_in_a_thread_and_told_of_in_the_loop(void **state)
{
    (void)state;
    submit(&jobs[0], STORE_FAULT);
    wait_for(1);
    assert_int_equal(jobs[0].nr_done, 1);
    assert_int_equal(nr_carried_out, 1);
}

static void nothing_is_told_of_before_the_loop_runs(void **state)
{
    (void)state;
    submit(&jobs[0], STORE_FAULT);
    wait_for_carried_out(1);
    assert_int_equal(jobs[0].nr_done, 0);
    wait_for(1);
}

static void an_error_comes_up_as_it_is(void **state)
{
    (void)state;
    jobs[0].result = -EIO;
    jobs[1].result = -ENOSPC;
    submit(&jobs[0], STORE_FETCH);
    submit(&jobs[1], STORE_PAGE_OUT);
    wait_for(2);
}

/* While the only thread is held up, work queues; then the most urgent goes first. */
static void the_most_urgent_goes_first_and_equals_in_their_order(void **state)
{
    static const enum store_urgency urgencies[] = {
        STORE_PAGE_OUT, /* starts at once */
        STORE_PAGE_OUT, STORE_FETCH, STORE_PAGE_OUT, STORE_FAULT, STORE_FETCH, STORE_FAULT,
    };
    static const int expected[] = {0, 4, 6, 2, 5, 1, 3};

    (void)state;
    set_gate(true);
    submit(&jobs[0], urgencies[0]);
    loop_settle(base);
    wait_for_gate(1);
    for (int i = 1; i < 7; i++)
        submit(&jobs[i], urgencies[i]);
    loop_settle(base);
    set_gate(false);
    wait_for(7);
    for (int i = 0; i < 7; i++)
        assert_ptr_equal(order[i], &jobs[expected[i]].io);
}

static void a_fault_does_not_wait_for_the_page_outs_queued_before_it(void **state)
{
    (void)state;
    set_gate(true);
    submit(&jobs[0], STORE_PAGE_OUT);
    loop_settle(base);
    wait_for_gate(1);
    for (int i = 1; i < 1000; i++)
        submit(&jobs[i], STORE_PAGE_OUT);
    loop_settle(base);
    submit(&jobs[1000], STORE_FAULT);
    set_gate(false);
    wait_for(1001);
    assert_ptr_equal(order[1], &jobs[1000].io);
}

static void several_threads_work_at_the_same_time(void **state)
{
    (void)state;
    io_threads_destroy(threads);
    assert_int_equal(create(4), 0);
    set_gate(true);
    for (int i = 0; i < 4; i++)
        submit(&jobs[i], STORE_FAULT);
    wait_for_gate(4);
    set_gate(false);
    wait_for(4);
}

/* They are one transfer then, if they are neighbours. Faults never wait for each other. */
static void those_of_a_turn_are_done_together(enum store_urgency urgency)
{
    for (int i = 0; i < 40; i++)
        submit(&jobs[i], i % 2 ? urgency : STORE_FAULT);
    wait_for(40);
    assert_int_equal(most_together, IO_THREADS_TOGETHER);
}

static void page_outs_of_a_turn_are_done_together(void **state)
{
    (void)state;
    those_of_a_turn_are_done_together(STORE_PAGE_OUT);
}

static void fetches_of_a_turn_are_done_together(void **state)
{
    (void)state;
    those_of_a_turn_are_done_together(STORE_FETCH);
}

/* Those who are less wait for more, as long as the loop has something else to do. */
static void page_outs_are_begun_when_there_are_enough(void **state)
{
    (void)state;
    for (int i = 0; i < IO_THREADS_TOGETHER; i++)
        submit(&jobs[i], STORE_PAGE_OUT);
    wait_for_carried_out(IO_THREADS_TOGETHER);
    assert_int_equal(most_together, IO_THREADS_TOGETHER);
    for (int i = 0; i < IO_THREADS_TOGETHER; i++)
        assert_int_equal(jobs[i].nr_done, 0);
    submit(&jobs[IO_THREADS_TOGETHER], STORE_PAGE_OUT);
    wait_for(IO_THREADS_TOGETHER + 1);
}

/* A store that takes no more writes still has to give pages back. */
static void writes_never_have_all_threads(void **state)
{
    (void)state;
    io_threads_destroy(threads);
    assert_int_equal(create(4), 0);
    set_gate(true);
    for (int i = 0; i < 200; i++)
        submit(&jobs[i], i % 2 ? STORE_PAGE_OUT : STORE_HOLE);
    loop_settle(base);
    wait_for_gate(3);
    submit(&jobs[200], STORE_FETCH);
    loop_settle(base);
    wait_for_gate(4);
    assert_int_equal(nr_reads_at_gate, 1);
    set_gate(false);
    wait_for(201);
}

static void each_of_thousands_is_done_exactly_once(void **state)
{
    (void)state;
    io_threads_destroy(threads);
    assert_int_equal(create(4), 0);
    for (int i = 0; i < MAX_IOS; i++) {
        jobs[i].result = i % 7 ? 0 : -EIO;
        submit(&jobs[i], (enum store_urgency)(i % NR_STORE_URGENCIES));
        if (i % 100 == 0)
            event_base_loop(base, EVLOOP_NONBLOCK);
    }
    wait_for(MAX_IOS);
    loop_settle(base);
    for (int i = 0; i < MAX_IOS; i++)
        assert_int_equal(jobs[i].nr_done, 1);
}

static void resubmit(struct store_io *io)
{
    struct job *job = (struct job *)io;

    if (++job->nr_done < 5)
        io_threads_submit(threads, io);
}

static void an_operation_can_be_submitted_again_from_its_own_end(void **state)
{
    (void)state;
    jobs[0].io.urgency = STORE_FAULT;
    jobs[0].io.engine_done = resubmit;
    io_threads_submit(threads, &jobs[0].io);
    while (jobs[0].nr_done < 5)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
}

static void open_gate(void)
{
    set_gate(false);
}

/* What has been started is finished, the rest is forgotten, nobody is called any more. */
static void destroying_with_work_queued_waits_for_what_has_been_started(void **state)
{
    (void)state;
    set_gate(true);
    for (int i = 0; i < 100; i++)
        submit(&jobs[i], STORE_FAULT);
    submit(&jobs[100], STORE_PAGE_OUT);
    wait_for_gate(1);
    before_join = open_gate;
    io_threads_destroy(threads);
    before_join = NULL;
    assert_int_equal(nr_carried_out, 1);
    loop_settle(base);
    for (int i = 0; i < 101; i++)
        assert_int_equal(jobs[i].nr_done, 0);
    assert_int_equal(create(1), 0);
}

static void what_was_done_but_not_told_of_is_forgotten_with_the_threads(void **state)
{
    (void)state;
    submit(&jobs[0], STORE_FAULT);
    wait_for_carried_out(1);
    io_threads_destroy(threads);
    loop_settle(base);
    assert_int_equal(jobs[0].nr_done, 0);
    assert_int_equal(create(1), 0);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    io_threads_destroy(NULL);
}

static int create_and_destroy(void *arg)
{
    int rc = create(4);

    (void)arg;
    if (!rc)
        io_threads_destroy(threads);
    return rc;
}

static void failure_to_create_leaves_nothing_behind(void **state)
{
    (void)state;
    base = loop_create();
    check_every_failure(create_and_destroy, NULL);
    event_base_free(base);
}

#define WITH_THREADS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_THREADS(an_operation_is_done_in_a_thread_and_told_of_in_the_loop),
        WITH_THREADS(nothing_is_told_of_before_the_loop_runs),
        WITH_THREADS(an_error_comes_up_as_it_is),
        WITH_THREADS(the_most_urgent_goes_first_and_equals_in_their_order),
        WITH_THREADS(a_fault_does_not_wait_for_the_page_outs_queued_before_it),
        WITH_THREADS(several_threads_work_at_the_same_time),
        WITH_THREADS(page_outs_of_a_turn_are_done_together),
        WITH_THREADS(fetches_of_a_turn_are_done_together),
        WITH_THREADS(page_outs_are_begun_when_there_are_enough),
        WITH_THREADS(writes_never_have_all_threads),
        WITH_THREADS(each_of_thousands_is_done_exactly_once),
        WITH_THREADS(an_operation_can_be_submitted_again_from_its_own_end),
        WITH_THREADS(destroying_with_work_queued_waits_for_what_has_been_started),
        WITH_THREADS(what_was_done_but_not_told_of_is_forgotten_with_the_threads),
        cmocka_unit_test(destroying_nothing_is_allowed),
        cmocka_unit_test(failure_to_create_leaves_nothing_behind),
    };

    return cmocka_run_group_tests_name("io_threads", tests, NULL, NULL);
}
