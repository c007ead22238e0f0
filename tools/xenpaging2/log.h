/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: one line per event on stderr, where the toolstack's log file is.
 *
 * A message that a guest, or anything else outside our control, can cause over and over goes
 * through log_limited(), which lets a burst pass and then counts what it held back.
 */
#ifndef XENPAGING2_LOG_H
#define XENPAGING2_LOG_H

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* State of one rate-limited call site. Zero-initialised; owned by log_limited(). */
struct log_limit {
    int64_t window_start_ms;
    unsigned int passed;
    unsigned int held_back;
};

/* Messages above this level are dropped. The default is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);

/* Names the domain in every line from now on. */
void log_set_domid(uint32_t domid);

/* Writes one line. fmt has no newline at its end. */
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As log_at(), but at most 10 lines in 10,000 ms for one limit. */
void log_at_limited(struct log_limit *limit, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* One limit per place in the code that uses it. */
#define log_limited(level, ...)                                                                    \
    do {                                                                                           \
        static struct log_limit limit_here_;                                                       \
        log_at_limited(&limit_here_, level, __VA_ARGS__);                                          \
    } while (0)

#endif
