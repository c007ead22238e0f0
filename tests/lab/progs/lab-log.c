/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lab-log TAG [FILE]: sends lines to the lab's log line, as "<seconds since boot> <TAG> <text>".
 * Reads stdin to its end, or follows FILE, which may not exist yet, or be replaced, until SIGTERM;
 * then sends what is left. One write() per line, which a terminal takes as a whole, so that many of
 * these can share the port; SIGTERM, which would break it off, is let in between lines only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES 4000

static const char *tag;
static int port;
static char line[LINE_BYTES];
static size_t used;
static volatile sig_atomic_t stopping;

static void on_sigterm(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void send_line(void)
{
    char message[LINE_BYTES + 100];
    struct timespec now;
    int length;

    clock_gettime(CLOCK_BOOTTIME, &now);
    length = snprintf(message, sizeof(message), "%ld.%03ld %s %.*s\n", (long)now.tv_sec,
                      now.tv_nsec / 1000000, tag, (int)used, line);
    for (ssize_t sent = 0; sent < length;) {
        ssize_t now_sent = write(port, message + sent, length - sent);

        if (now_sent < 0 && errno != EINTR)
            die("log line");
        sent += now_sent > 0 ? now_sent : 0;
    }
    used = 0;
}

static void take(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n' || used == LINE_BYTES)
            send_line();
        if (bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\0')
            line[used++] = bytes[i];
    }
}

/* Sends what FD has to give now; for stdin that is everything up to its end. */
static void drain(int fd)
{
    char bytes[4096];
    ssize_t length;

    while ((length = read(fd, bytes, sizeof(bytes))) != 0) {
        if (length > 0)
            take(bytes, length);
        else if (errno != EINTR)
            die("read");
    }
}

/* Whether a log was put away, or begun anew in place, since FD was opened. */
static bool is_another(int fd, const char *path)
{
    struct stat ours, now;

    if (fstat(fd, &ours) || stat(path, &now))
        return false;
    return ours.st_ino != now.st_ino || ours.st_dev != now.st_dev ||
           now.st_size < lseek(fd, 0, SEEK_CUR);
}

/* Waits until something happens in the file's directory, or SIGTERM. */
static void wait_for_change(int watch, const sigset_t *signals)
{
    char events[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    struct pollfd change = {.fd = watch, .events = POLLIN};

    if (ppoll(&change, 1, NULL, signals) > 0 && read(watch, events, sizeof(events)) < 0)
        die("inotify");
}

static int watch_directory_of(const char *path)
{
    char directory[PATH_MAX];
    char *slash;
    int watch = inotify_init1(IN_CLOEXEC);

    snprintf(directory, sizeof(directory), "%s", path);
    slash = strrchr(directory, '/');
    if (!slash)
        die("an absolute path is needed");
    *slash = '\0';
    if (watch < 0 || inotify_add_watch(watch, directory, IN_CREATE | IN_MODIFY | IN_MOVED_TO) < 0)
        die(directory);
    return watch;
}

static void follow(const char *path)
{
    struct sigaction stop = {.sa_handler = on_sigterm};
    sigset_t sigterm, before;
    int watch = watch_directory_of(path);
    int fd = -1;

    sigemptyset(&sigterm);
    sigaddset(&sigterm, SIGTERM);
    sigprocmask(SIG_BLOCK, &sigterm, &before);
    sigaction(SIGTERM, &stop, NULL);
    for (;;) {
        int last = stopping;

        if (fd < 0)
            fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            drain(fd);
        if (fd >= 0 && is_another(fd, path)) {
            close(fd);
            fd = -1;
            continue;
        }
        if (last)
            return;
        wait_for_change(watch, &before);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s TAG [FILE]\n", argv[0]);
        return 2;
    }
    tag = argv[1];
    port = open("/dev/lab-log", O_WRONLY | O_NOCTTY | O_CLOEXEC);
    if (port < 0)
        die("/dev/lab-log");
    if (argc == 3)
        follow(argv[2]);
    else
        drain(STDIN_FILENO);
    if (used)
        send_line();
    /* The machine may switch off as soon as this ends. */
    tcdrain(port);
    return 0;
}
