/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "status.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "priorities.h"
#include "xenstore.h"

struct status {
    struct xenstore *xs;
    uint32_t domid;
    struct event *timer;
    status_fill_fn *fill;
    void *arg;
    struct status_values written;
};

static const struct {
    const char *node;
    size_t offset;
} numbers[] = {
    {"resident", offsetof(struct status_values, resident)},
    {"paged", offsetof(struct status_values, paged)},
    {"target", offsetof(struct status_values, target)},
    {"page-ins", offsetof(struct status_values, page_ins)},
    {"page-outs", offsetof(struct status_values, page_outs)},
    {"page-outs-clean", offsetof(struct status_values, clean)},
    {"refaults", offsetof(struct status_values, refaults)},
    {"drops", offsetof(struct status_values, drops)},
    {"lost", offsetof(struct status_values, lost)},
    {"prefetched", offsetof(struct status_values, prefetched)},
    {"prefetched-used", offsetof(struct status_values, useful)},
    {"retries", offsetof(struct status_values, retries)},
    {"parked", offsetof(struct status_values, parked)},
    {"store-bytes", offsetof(struct status_values, store_bytes)},
};

#define NR_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))
#define NEVER_WRITTEN UINT64_MAX

static uint64_t *number(struct status_values *values, size_t i)
{
    return (uint64_t *)((char *)values + numbers[i].offset);
}

static void write_node(struct status *status, const char *node, const char *value)
{
    char path[64];

    snprintf(path, sizeof(path), "/libxl/%" PRIu32 "/paging/%s", status->domid, node);
    xenstore_write(status->xs, path, value);
}

void status_flush(struct status *status)
{
    struct status_values now = {0};
    char node[32], text[24];

    status->fill(status->arg, &now);
    for (size_t i = 0; i < NR_NUMBERS; i++) {
        if (*number(&now, i) == *number(&status->written, i))
            continue;
        snprintf(node, sizeof(node), "status/%s", numbers[i].node);
        snprintf(text, sizeof(text), "%" PRIu64, *number(&now, i));
        write_node(status, node, text);
    }
    status->written = now;
}

static void flush_in_time(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    status_flush(arg);
}

struct status *status_create(struct event_base *base, struct xenstore *xs, uint32_t domid,
                             status_fill_fn *fill, void *arg)
{
    struct status *status = calloc(1, sizeof(*status));

    if (!status)
        return NULL;
    *status = (struct status){.xs = xs, .domid = domid, .fill = fill, .arg = arg};
    for (size_t i = 0; i < NR_NUMBERS; i++)
        *number(&status->written, i) = NEVER_WRITTEN;
    status->timer = event_new(base, -1, 0, flush_in_time, status);
    if (!status->timer || event_priority_set(status->timer, PRIORITY_SERVE)) {
        status_destroy(status);
        errno = ENOMEM;
        return NULL;
    }
    return status;
}

void status_destroy(struct status *status)
{
    if (!status)
        return;
    if (status->timer)
        event_free(status->timer);
    free(status);
}

void status_touch(struct status *status)
{
    const struct timeval second = {.tv_sec = 1};

    if (!event_pending(status->timer, EV_TIMEOUT, NULL))
        event_add(status->timer, &second);
}

void status_set_state(struct status *status, const char *state)
{
    write_node(status, "state", state);
}

void status_set_process(struct status *status, pid_t pid)
{
    char path[64], text[24];

    snprintf(path, sizeof(path), "/libxl/%" PRIu32 "/paging/pid", status->domid);
    snprintf(text, sizeof(text), "%ld", (long)pid);
    xenstore_replace(status->xs, path, text);
}

void status_set_error(struct status *status, const char *error)
{
    write_node(status, "error", error);
}
