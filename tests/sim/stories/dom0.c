/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dom0.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <xenstore.h>

#include "host.h"

#define PATIENCE_MS 60000
#define MAX_PATH 256
#define MIN_LOOK_US 1000
#define MAX_LOOK_US 10000

static const char *dir;           /* of the story */
static const char *xenstored_dir; /* of xenstored, which many stories can share */
static struct xs_handle *xs;

uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Looks again after a fourth of the time that it has waited: many stories do, side by side. */
bool wait_until(bool (*is)(void *arg), void *arg, unsigned int ms)
{
    uint64_t end = now_ms() + ms;
    unsigned int look_us = MIN_LOOK_US;

    while (!is(arg)) {
        if (now_ms() > end || host.complaint[0])
            return false; /* after one complaint, nothing else is worth a wait */
        usleep(look_us);
        if (look_us < MAX_LOOK_US)
            look_us += look_us / 4;
    }
    return true;
}

static const char *needed(const char *name)
{
    const char *value = getenv(name);

    if (!value)
        errx(1, "$%s is not set", name);
    return value;
}

/* --- Processes. They end with this one. --- */

_Noreturn static void become(char *const args[], const char *log)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (log) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    execv(args[0], args);
    perror(args[0]);
    _exit(127);
}

/* A fork() would take long: it copies the page tables of what may be a guest of a TiB. */
static pid_t start(char *const args[], const char *log)
{
    char path[MAX_PATH];
    pid_t pid;

    snprintf(path, sizeof(path), "%s/%s", dir, log ? log : "");
    pid = vfork();
    if (pid < 0)
        err(1, "vfork");
    if (!pid)
        become(args, log ? path : NULL);
    return pid;
}

int dom0_await_exit(pid_t pid, unsigned int ms)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int status, n;

    if (end.fd < 0)
        err(1, "pidfd_open");
    n = poll(&end, 1, (int)ms);
    close(end.fd);
    if (n != 1)
        return -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

/* The process of this directory of /proc, if its parent is that one; else 0. */
static pid_t child_in(const char *name, pid_t parent)
{
    char path[MAX_PATH];
    int pid = 0, ppid = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
    file = fopen(path, "re");
    if (!file || fscanf(file, "%d (%*[^)]) %*c %d", &pid, &ppid) != 2)
        ppid = 0;
    if (file)
        fclose(file);
    return ppid == parent ? pid : 0;
}

pid_t dom0_child_of(pid_t pid)
{
    DIR *proc = opendir("/proc");
    pid_t child = 0;

    for (struct dirent *entry; proc && !child && (entry = readdir(proc));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            child = child_in(entry->d_name, pid);
    if (proc)
        closedir(proc);
    return child;
}

/* Of a process that need not be a child of ours. */
static void await_end_of(pid_t pid)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};

    if (end.fd >= 0 && poll(&end, 1, PATIENCE_MS) != 1)
        complain("process %d does not end", pid);
    if (end.fd >= 0)
        close(end.fd);
}

void dom0_kill_worker(pid_t pid)
{
    if (!pid)
        return;
    kill(pid, SIGKILL);
    await_end_of(pid);
}

void dom0_kill_pager(pid_t pid)
{
    pid_t worker = dom0_child_of(pid);

    if (worker)
        kill(worker, SIGSTOP); /* or it would say that it is alone, or not, as it happens */
    kill(pid, SIGKILL);
    dom0_await_exit(pid, PATIENCE_MS);
    dom0_kill_worker(worker);
}

pid_t dom0_start_program(char *const args[])
{
    return start(args, NULL);
}

pid_t dom0_start_pager(uint32_t domid, char *const args[])
{
    char log[32];

    snprintf(log, sizeof(log), "pager-%u.log", domid);
    return start(args, log);
}

static bool pager_runs(void *arg)
{
    return dom0_node_is("running", "/libxl/%u/paging/state", *(uint32_t *)arg);
}

pid_t dom0_spawn_xenpaging2(uint32_t domid, const char *policy, const char *option)
{
    char id[16], store[MAX_PATH], with_policy[32];
    char *const args[] = {(char *)(uintptr_t)needed("SIM_PAGER"),
                          store,
                          with_policy,
                          id,
                          (char *)(uintptr_t)option,
                          NULL};

    snprintf(id, sizeof(id), "%u", domid);
    snprintf(store, sizeof(store), "--store=%s/store-%u", dir, domid);
    snprintf(with_policy, sizeof(with_policy), "--policy=%s", policy);
    return dom0_start_pager(domid, args);
}

pid_t dom0_start_xenpaging2(uint32_t domid, const char *policy, const char *option)
{
    pid_t pid = dom0_spawn_xenpaging2(domid, policy, option);

    if (!wait_until(pager_runs, &domid, PATIENCE_MS))
        errx(1, "the pager of domain %u does not start: see %s/pager-%u.log", domid, dir, domid);
    return pid;
}

/* --- xenstore. --- */

static bool xenstored_is_there(void *arg)
{
    (void)arg;
    xs = xs_open(0);
    return xs != NULL;
}

/* XENSTORED_PATH would move xenstored's own socket; clients need it. */
void dom0_start_xenstored(const char *directory)
{
    char path[MAX_PATH];
    char *const args[] = {(char *)(uintptr_t)needed("SIM_XENSTORED"), "--no-fork", "--pid-file",
                          path, NULL};

    dir = xenstored_dir = directory;
    unsetenv("XENSTORED_PATH");
    setenv("XENSTORED_RUNDIR", dir, 1);
    setenv("SIM_DIR", dir, 1);
    setenv("LD_PRELOAD", needed("SIM_SHIM"), 1);
    snprintf(path, sizeof(path), "%s/xenstored.pid", dir);
    start(args, "xenstored.log");
    unsetenv("LD_PRELOAD");
    snprintf(path, sizeof(path), "%s/socket", dir);
    setenv("XENSTORED_PATH", path, 1);
    if (!wait_until(xenstored_is_there, NULL, PATIENCE_MS))
        errx(1, "xenstored does not start: see %s/xenstored.log", dir);
    xs_close(xs);
}

void dom0_start(const char *directory)
{
    char path[MAX_PATH];

    if (!xenstored_dir)
        dom0_start_xenstored(directory);
    dir = directory;
    xs = xs_open(0);
    if (!xs)
        err(1, "xs_open");
    snprintf(path, sizeof(path), "%s/xen", dir);
    server_start(path);
    setenv("SIMXEN", path, 1);
    setenv("LD_LIBRARY_PATH", needed("SIM_LIBRARIES"), 1);
}

void dom0_introduce(uint32_t domid)
{
    char id[16], path[MAX_PATH];
    int fd;

    /* So xenstored finds out who lives. */
    snprintf(path, sizeof(path), "%s/domain-%u", xenstored_dir, domid);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        err(1, "%s", path);
    close(fd);
    if (!xs_introduce_domain(xs, domid, 0, 1))
        err(1, "xs_introduce_domain");
    snprintf(id, sizeof(id), "%u", domid);
    dom0_write(id, "/local/domain/%u/domid", domid);
}

void dom0_release(uint32_t domid)
{
    static const uint32_t virq_dom_exc = 1;
    char path[MAX_PATH];
    int fd;

    snprintf(path, sizeof(path), "%s/domain-%u", xenstored_dir, domid);
    unlink(path);
    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    xs_rm(xs, XBT_NULL, path);
    snprintf(path, sizeof(path), "%s/evtchn", xenstored_dir);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, &virq_dom_exc, sizeof(virq_dom_exc)) != sizeof(virq_dom_exc))
        err(1, "%s", path);
    close(fd);
}

void dom0_forget(uint32_t domid)
{
    char path[MAX_PATH];

    dom0_release(domid);
    snprintf(path, sizeof(path), "/libxl/%u", domid);
    xs_rm(xs, XBT_NULL, path);
    snprintf(path, sizeof(path), "%s/ring-%u", xenstored_dir, domid);
    unlink(path);
}

void dom0_write(const char *value, const char *fmt, ...)
{
    char path[MAX_PATH];
    va_list args;

    va_start(args, fmt);
    vsnprintf(path, sizeof(path), fmt, args);
    va_end(args);
    if (!xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value)))
        err(1, "cannot write %s", path);
}

void dom0_remove(const char *fmt, ...)
{
    char path[MAX_PATH];
    va_list args;

    va_start(args, fmt);
    vsnprintf(path, sizeof(path), fmt, args);
    va_end(args);
    xs_rm(xs, XBT_NULL, path);
}

/* The value of a node, to be freed, or NULL. */
static char *read_node(const char *fmt, va_list args)
{
    char path[MAX_PATH];

    vsnprintf(path, sizeof(path), fmt, args);
    return xs_read(xs, XBT_NULL, path, NULL);
}

bool dom0_node_is(const char *expected, const char *fmt, ...)
{
    va_list args;
    char *value;
    bool same;

    va_start(args, fmt);
    value = read_node(fmt, args);
    va_end(args);
    same = value && !strcmp(value, expected);
    free(value);
    return same;
}

uint64_t dom0_number(const char *fmt, ...)
{
    uint64_t number;
    va_list args;
    char *value;

    va_start(args, fmt);
    value = read_node(fmt, args);
    va_end(args);
    number = value ? strtoull(value, NULL, 10) : 0;
    free(value);
    return number;
}

void dom0_set_target(uint32_t domid, uint64_t pages)
{
    char kib[24];

    snprintf(kib, sizeof(kib), "%lu", (unsigned long)pages * (PAGE_BYTES / 1024));
    dom0_write(kib, "/local/domain/%u/memory/target-tot_pages", domid);
}
