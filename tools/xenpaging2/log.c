/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock_ms.h"
#include "one_line.h"

#define LIMIT_WINDOW_MS 10000
#define LIMIT_BURST 10

static enum log_level max_level = LOG_LEVEL_INFO;
static char domain_tag[16];

void log_set_level(enum log_level level)
{
    max_level = level;
}

void log_set_domid(uint32_t domid)
{
    snprintf(domain_tag, sizeof(domain_tag), " d%u", domid);
}

/* One write(2) for the line, so that lines of several processes in one file do not mix. */
static void write_line(enum log_level level, const char *fmt, va_list args, unsigned int held_back)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char line[1024];
    time_t now = time(NULL);
    struct tm tm;
    size_t len, room = sizeof(line) - 1;

    localtime_r(&now, &tm);
    len = strftime(line, room, "%F %T xenpaging2", &tm);
    len += (size_t)snprintf(line + len, room - len, "%s: %s", domain_tag, names[level]);
    len += (size_t)vsnprintf(line + len, room - len, fmt, args);
    if (len >= room)
        len = room - 1;
    if (held_back)
        len += (size_t)snprintf(line + len, room - len, " (%u like it not shown)", held_back);
    if (len >= room)
        len = room - 1;
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
