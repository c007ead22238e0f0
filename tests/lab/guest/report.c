/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define LINE_BYTES 1280 /* a full histogram of 20-digit counts fits */

static void write_line(const char *prefix, const char *format, va_list args)
{
    char line[LINE_BYTES];
    size_t room = sizeof(line) - 1; /* the newline's */
    size_t used = (size_t)snprintf(line, room, "%s", prefix);

    vsnprintf(line + used, room - used, format, args);
    used = strlen(line);
    line[used++] = '\n';
    while (write(STDOUT_FILENO, line, used) < 0 && errno == EINTR)
        ;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line("workload: ", format, args);
    va_end(args);
}

void report_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_line("workload: error ", format, args);
    va_end(args);
}

void report_ready(uint64_t pages, unsigned long threads, unsigned long mb)
{
    struct sysinfo system = {.mem_unit = 0};

    /* What Linux has left: a guest with little of it may not get through its next start. */
    sysinfo(&system);
    say("ready pages=%" PRIu64 " threads=%lu mb=%lu free_kib=%llu", pages, threads, mb,
        (unsigned long long)system.freeram * system.mem_unit / 1024);
}

static void report_bad(const struct bad_page *b)
{
    say("bad page=%" PRIu64 " version=%" PRIu32 " word=%u expected=0x%016" PRIx64
        " found=0x%016" PRIx64,
        b->id.page, b->id.version, b->wrong.word, b->wrong.expected, b->wrong.found);
}

void report_round(uint64_t round, const struct round_result *r, uint64_t ms)
{
    for (unsigned int i = 0; i < REPORT_BAD_MAX && i < r->bad; i++)
        report_bad(&r->bad_pages[i]);
    say("round=%" PRIu64 " bad=%" PRIu64 " verified=%" PRIu64 " writes=%" PRIu64 " ms=%" PRIu64
        " max_us=%" PRIu64,
        round, r->bad, r->verified, r->writes, ms, r->max_us);
}

void report_histogram(const struct histogram *h)
{
    char text[LINE_BYTES - 64];

    histogram_format(h, text, sizeof(text));
    say("histogram le_us=%s", text);
}

void report_touches(uint64_t touched, const uint64_t *us, unsigned int nr)
{
    char text[LINE_BYTES - 64];
    size_t used = 0;

    for (unsigned int i = 0; i < nr && used < sizeof(text); i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%" PRIu64, i > 0 ? "," : "",
                                 us[i]);
    say("touched=%" PRIu64 " us=%s", touched, text);
}

void report_moves(const char *device, uint64_t moves, uint64_t max_us)
{
    say("%s moves=%" PRIu64 " max_us=%" PRIu64, device, moves, max_us);
}

void report_xenstore(const char *operation, const char *path, const char *answer)
{
    say("xenstore %s %s: %s", operation, path, answer);
}

void report_done(uint64_t rounds, uint64_t bad)
{
    say("done rounds=%" PRIu64 " bad=%" PRIu64, rounds, bad);
}
