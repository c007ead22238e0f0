/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"

/* OOM_SCORE_ADJ_MIN would take it out of the choice for good, even if it leaked. */
#define OOM_SCORE "-900"

/* The way they are called by glibc on any kernel; those that an architecture lacks are skipped. */
static const char *const calls[] = {
    /* memory */
    "brk",
    "madvise",
    "mlock",
    "mlock2",
    "mmap",
    "mprotect",
    "mremap",
    "munlock",
    "munmap",
    /* files that are open, and those of the store and xenstore; ioctl is how hypercalls are made */
    "access",
    "close",
    "dup",
    "dup2",
    "dup3",
    "faccessat",
    "faccessat2",
    "fallocate",
    "fcntl",
    "fdatasync",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "getdents64",
    "ioctl",
    "lseek",
    "newfstatat",
    "open",
    "openat",
    "pipe2",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "read",
    "readlink",
    "readv",
    "stat",
    "statx",
    "unlink",
    "unlinkat",
    "write",
    "writev",
    /* xenstored, and servers of pages */
    "bind",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    "socketpair",
    /* the loop */
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd2",
    "poll",
    "ppoll",
    "pselect6",
    "select",
    "timerfd_create",
    "timerfd_settime",
    /* time */
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "gettimeofday",
    "nanosleep",
    "time",
    /* threads and signals */
    "exit",
    "exit_group",
    "futex",
    "futex_waitv",
    "getcpu",
    "get_robust_list",
    "getpid",
    "getppid",
    "gettid",
    "membarrier",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sched_getaffinity",
    "sched_setscheduler",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "sigaltstack",
    /* of itself */
    "getegid",
    "geteuid",
    "getgid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "getuid",
    "prlimit64",
    "sysinfo",
    "uname",
};

static void kill_others_first(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, OOM_SCORE, strlen(OOM_SCORE)) < 0)
        log_warning("a host without memory may kill this pager first: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}

void privileges_drop(void)
{
    kill_others_first();
    capng_clear(CAPNG_SELECT_BOTH);
    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET, CAP_IPC_LOCK);
    if (!geteuid() && capng_apply(CAPNG_SELECT_BOTH))
        log_warning("cannot give up capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        log_warning("cannot give up new privileges: %s", strerror(errno));
}

static int allow(scmp_filter_ctx filter, const char *name)
{
    int call = seccomp_syscall_resolve_name(name);

    return call == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

/* Allows a call whose first argument, or what the mask leaves of it, is this. */
static int allow_with(scmp_filter_ctx filter, int call, scmp_datum_t mask, scmp_datum_t argument)
{
    const struct scmp_arg_cmp first = {
        .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = argument};

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &first);
}

static int allow_families(scmp_filter_ctx filter)
{
    static const unsigned int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(families) / sizeof(families[0]); i++)
        rc = allow_with(filter, SCMP_SYS(socket), UINT32_MAX, families[i]);
    return rc;
}

/* Threads, no processes. What clone3() is to make cannot be seen here: glibc then uses clone(). */
static int allow_threads(scmp_filter_ctx filter)
{
    int rc = allow_with(filter, SCMP_SYS(clone), CLONE_THREAD, CLONE_THREAD);

    return rc ? rc : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* To itself only: abort() does. */
static int allow_own_signals(scmp_filter_ctx filter)
{
    return allow_with(filter, SCMP_SYS(tgkill), UINT32_MAX, (scmp_datum_t)getpid());
}

static int load_filter(scmp_filter_ctx filter)
{
    int rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

    if (!rc)
        rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    for (size_t i = 0; !rc && i < sizeof(calls) / sizeof(calls[0]); i++)
        rc = allow(filter, calls[i]);
    if (!rc)
        rc = allow_families(filter);
    if (!rc)
        rc = allow_threads(filter);
    if (!rc)
        rc = allow_own_signals(filter);
    return rc ? rc : seccomp_load(filter);
}

void privileges_filter_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = filter ? load_filter(filter) : -ENOMEM;

    if (rc)
        log_warning("system calls are not filtered: %s", strerror(-rc));
    seccomp_release(filter);
}
