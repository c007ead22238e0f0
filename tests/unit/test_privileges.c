/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each test does it in a process of its own, as there is no way back. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privileges.h"

/* Passes if the function, which is called in a new process, returns NULL; else it says what is
 * wrong. */
static void in_a_process(const char *(*function)(void))
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (!pid) {
        const char *wrong = function();

        if (wrong)
            fprintf(stderr, "%s\n", wrong);
        _exit(wrong != NULL);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* The value of a line of /proc/self/status. */
static void status_line(const char *key, char value[64])
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];

    value[0] = '\0';
    while (file && fgets(line, sizeof(line), file))
        if (!strncmp(line, key, strlen(key)))
            sscanf(line + strlen(key), ": %63s", value);
    if (file)
        fclose(file);
}

static const char *only_memory_can_be_locked(void)
{
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    char value[64];

    privileges_drop();
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        unsigned long long set;

        status_line(sets[i], value);
        set = strtoull(value, NULL, 16);
        if (set & ~(1ULL << CAP_IPC_LOCK))
            return sets[i];
    }
    status_line("NoNewPrivs", value);
    return strcmp(value, "1") ? "new privileges can be had" : NULL;
}

static void only_the_capability_to_lock_memory_is_left(void **state)
{
    (void)state;
    if (geteuid()) {
        puts("SKIPPED: only root has capabilities to give up");
        skip();
    }
    in_a_process(only_memory_can_be_locked);
}

static const char *score_is_low(void)
{
    char text[16] = "";
    int fd;

    privileges_drop();
    fd = open("/proc/self/oom_score_adj", O_RDONLY);
    if (read(fd, text, sizeof(text) - 1) <= 0)
        return "it cannot be read";
    return atoi(text) > -900 ? "it is as likely as others" : NULL;
}

static bool has_capability(unsigned int capability)
{
    char value[64];

    status_line("CapEff", value);
    return strtoull(value, NULL, 16) >> capability & 1;
}

static void it_is_not_what_a_host_without_memory_kills(void **state)
{
    (void)state;
    if (!has_capability(CAP_SYS_RESOURCE)) {
        puts("SKIPPED: without CAP_SYS_RESOURCE none may be killed less likely");
        skip();
    }
    in_a_process(score_is_low);
}

static const char *others_are_out_of_reach(void)
{
    char *const args[] = {"true", NULL};

    privileges_filter_calls();
    if (fork() != -1 || errno != EPERM)
        return "a process can be made";
    if (!execv("/bin/true", args) || errno != EPERM)
        return "a program can be executed";
    if (ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != -1 || errno != EPERM)
        return "another process can be traced";
    if (kill(getppid(), 0) != -1 || errno != EPERM)
        return "another process can be signalled";
    if (socket(AF_PACKET, SOCK_RAW, 0) != -1 || errno != EPERM)
        return "the wire can be listened to";
    return chroot("/") != -1 || errno != EPERM ? "it can change its root" : NULL;
}

static void other_processes_are_out_of_reach(void **state)
{
    (void)state;
    in_a_process(others_are_out_of_reach);
}

static void *say_yes(void *arg)
{
    *(bool *)arg = true;
    return NULL;
}

/* As store_file.c does it. What the file system cannot is not what is asked here. */
static bool store_can_work(int fd)
{
    char bytes[2] = "ab";
    const struct iovec parts[] = {{bytes, 1}, {bytes + 1, 1}};

    return pwritev(fd, parts, 2, 0) == 2 &&
           (preadv2(fd, parts, 2, 0, RWF_NOWAIT) == 2 || errno != EPERM) &&
           (!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1) || errno != EPERM);
}

static const char *pager_can_work(void)
{
    FILE *file = tmpfile();
    bool ran = false;
    pthread_t thread;
    int fd;

    privileges_filter_calls();
    if (!file || !store_can_work(fileno(file)) || fclose(file))
        return "a store cannot be used";
    if (pthread_create(&thread, NULL, say_yes, &ran) || pthread_join(thread, NULL) || !ran)
        return "no thread can be started";
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || close(fd))
        return "no socket can be had";
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (pwrite(fd, "", 1, 0) != 1 || ftruncate(fd, 0) != -1 || errno != EINVAL || close(fd))
        return "files cannot be used";
    return NULL;
}

static void threads_files_and_sockets_are_left(void **state)
{
    (void)state;
    in_a_process(pager_can_work);
}

static pthread_barrier_t barrier;

static void *try_to_signal(void *arg)
{
    pthread_barrier_wait(&barrier); /* it is there before the filter is */
    pthread_barrier_wait(&barrier);
    *(bool *)arg = kill(getppid(), 0) == -1 && errno == EPERM;
    return NULL;
}

static const char *threads_are_bound(void)
{
    bool refused = false;
    pthread_t thread;

    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, try_to_signal, &refused);
    pthread_barrier_wait(&barrier);
    privileges_filter_calls();
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    return refused ? NULL : "a thread that was there before can do more";
}

static void threads_that_run_already_are_bound_too(void **state)
{
    (void)state;
    in_a_process(threads_are_bound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_capability_to_lock_memory_is_left),
        cmocka_unit_test(it_is_not_what_a_host_without_memory_kills),
        cmocka_unit_test(other_processes_are_out_of_reach),
        cmocka_unit_test(threads_files_and_sockets_are_left),
        cmocka_unit_test(threads_that_run_already_are_bound_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
