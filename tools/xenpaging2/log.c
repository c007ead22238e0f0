/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock_ms.h"
#include "one_line.h"

#define LIMIT_WINDOW_MS 10000
#define LIMIT_BURST 10
#define ROOM 1023u /* for a line without its end */

static enum log_level max_level = LOG_LEVEL_INFO;
static char domain_tag[16];
static atomic_uint nr_lost; /* lines, since the last one that was not */

void log_set_level(enum log_level level)
{
    max_level = level;
}

void log_set_domid(uint32_t domid)
{
    snprintf(domain_tag, sizeof(domain_tag), " d%u", domid);
}

/* Whoever reads the log at the other end of a pipe does not hold the guest up. */
static bool would_wait(void)
{
    struct pollfd log = {.fd = STDERR_FILENO, .events = POLLOUT};

    return !poll(&log, 1, 0);
}

/* Returns the length with it, as far as there is room. */
static size_t add_number(char *line, size_t len, unsigned int nr, const char *what)
{
    if (nr)
        len += (size_t)snprintf(line + len, ROOM - len, " (%u %s)", nr, what);
    return len < ROOM ? len : ROOM - 1;
}

/* One write(2) for the line, so that lines of several processes in one file do not mix. */
static void write_line(enum log_level level, const char *fmt, va_list args, unsigned int held_back)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char line[ROOM + 1];
    time_t now = time(NULL);
    struct tm tm;
    size_t len;

    if (would_wait()) {
        nr_lost++;
        return;
    }
    localtime_r(&now, &tm);
    len = strftime(line, ROOM, "%F %T xenpaging2", &tm);
    len += (size_t)snprintf(line + len, ROOM - len, "%s: %s", domain_tag, names[level]);
    len += (size_t)vsnprintf(line + len, ROOM - len, fmt, args);
    len = add_number(line, len < ROOM ? len : ROOM - 1, held_back, "like it not shown");
    len = add_number(line, len, atomic_exchange(&nr_lost, 0), "lines before it are lost");
    line[len] = '\0';
    one_line(line);
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nowhere left to say it */
}

void log_at(enum log_level level, const char *fmt, ...)
{
    va_list args;

    if (level > max_level)
        return;
    va_start(args, fmt);
    write_line(level, fmt, args, 0);
    va_end(args);
}

void log_at_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
{
    int64_t now = clock_ms();
    unsigned int held_back = 0;
    va_list args;

    if (level > max_level)
        return;
    if (!limit->window_start_ms || now - limit->window_start_ms >= LIMIT_WINDOW_MS) {
        held_back = limit->held_back;
        *limit = (struct log_limit){.window_start_ms = now};
    }
    if (limit->passed >= LIMIT_BURST) {
        limit->held_back++;
        return;
    }
    limit->passed++;
    va_start(args, fmt);
    write_line(level, fmt, args, held_back);
    va_end(args);
}
