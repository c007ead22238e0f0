/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "balance.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "clock_ms.h"
#include "evict.h"
#include "log.h"
#include "page.h"
#include "pager.h"
#include "pages.h"
#include "priorities.h"
#include "timer_ms.h"
#include "xen_ops.h"

/*
 * When the guest is above its target, it goes below it by a 256th, and by a batch of evictions
 * at most: the next page-ins find room, and are made up for together and not one by one.
 */
#define ROOM_SHARE 256
#define MAX_ROOM EVICT_BATCH

/* How far below its target the guest must be before pages are fetched that nobody asked for. */
#define FETCH_SLACK (2 * MAX_ROOM)

/* What is left to the host when pages are fetched that nobody asked for: 8 MiB. */
#define HOST_RESERVE 2048

/* How often guest and host are looked at: often while the guest grows, less and less after that. */
#define GROWING_CHECK_MS 20
#define BUSY_CHECK_MS 1000
#define IDLE_CHECK_MS 5000
#define PROGRESS_MS 5000

struct balance {
    struct balance_env env;
    struct event *check; /* a look at guest and host, at intervals or when asked for */
    struct event *work;  /* active if there may be something to do */
    uint64_t target;
    uint64_t resident;
    uint64_t short_pages; /* to go out, target or not, because loads wait for memory */
    uint64_t allowance;   /* fetches that the host's free memory allows until the next check */
    int check_ms;         /* from the last check to the next */
    bool is_making_room;  /* it was above its target, and is not as far below it as it is to be */
    bool draining;
    int64_t next_progress_ms;
};

static void check(evutil_socket_t fd, short what, void *arg);
static void work(evutil_socket_t fd, short what, void *arg);

struct balance *balance_create(const struct balance_env *env)
{
    struct balance *balance = calloc(1, sizeof(*balance));

    if (!balance)
        return NULL;
    balance->env = *env;
    balance->check_ms = GROWING_CHECK_MS;
    balance->check = event_new(env->base, -1, 0, check, balance);
    balance->work = event_new(env->base, -1, 0, work, balance);
    if (!balance->check || event_priority_set(balance->check, PRIORITY_SERVE) || !balance->work ||
        event_priority_set(balance->work, PRIORITY_BACKGROUND)) {
        balance_destroy(balance);
        errno = ENOMEM;
        return NULL;
    }
    return balance;
}

void balance_destroy(struct balance *balance)
{
    if (!balance)
        return;
    if (balance->check)
        event_free(balance->check);
    if (balance->work)
        event_free(balance->work);
    free(balance);
}

uint64_t balance_resident(const struct balance *balance)
{
    return balance->resident;
}

uint64_t balance_target(const struct balance *balance)
{
    return balance->target;
}

bool balance_is_draining(const struct balance *balance)
{
    return balance->draining;
}

/* Where eviction stops once it has begun. */
static uint64_t low_mark(const struct balance *balance)
{
    uint64_t room = balance->target / ROOM_SHARE;

    return balance->target - (room < MAX_ROOM ? room : MAX_ROOM);
}

/* Follows each change of target or residency. */
static void note_room(struct balance *balance)
{
    if (!balance->target || balance->resident <= low_mark(balance))
        balance->is_making_room = false;
    else if (balance->resident > balance->target)
        balance->is_making_room = true;
}

uint64_t balance_excess(const struct balance *balance)
{
    uint64_t excess = 0;

    if (balance->draining)
        return 0;
    if (balance->is_making_room)
        excess = balance->resident - low_mark(balance);
    return excess > balance->short_pages ? excess : balance->short_pages;
}

/* How many pages are missing that may be fetched. */
static uint64_t missing(const struct balance *balance)
{
    if (balance->draining)
        return pages_nr_paged(balance->env.pages);
    if (balance->short_pages)
        return 0;
    if (!balance->target)
        return balance->allowance;
    if (balance->resident + FETCH_SLACK >= balance->target)
        return 0;
    return balance->allowance;
}

bool balance_may_fetch(struct balance *balance)
{
    uint64_t expected = balance->resident + pager_nr_fetches(balance->env.pager);

    if (balance->draining || balance->short_pages || !balance->allowance)
        return false;
    if (balance->target && expected >= balance->target)
        return false;
    balance->allowance--;
    return true;
}

/* What somebody may be waiting for comes in whatever the target is. */
static bool next_to_fetch(struct balance *balance, uint32_t *gfn)
{
    return pages_urgent(balance->env.pages, gfn) ||
           (missing(balance) && pages_newest(balance->env.pages, gfn));
}

static void fetch(struct balance *balance)
{
    uint32_t gfn;

    while (pager_can_fetch(balance->env.pager) && next_to_fetch(balance, &gfn)) {
        pager_fetch(balance->env.pager, gfn);
        if (balance->allowance)
            balance->allowance--;
    }
}

static void look_at_host(struct balance *balance)
{
    uint64_t pages = 0;

    balance->allowance = 0;
    if (!xen_free_host_pages(balance->env.ops, &pages) && pages > HOST_RESERVE)
        balance->allowance = pages - HOST_RESERVE;
}

static void look_at_guest(struct balance *balance)
{
    struct xen_domain_info info;

    if (xen_domain_info(balance->env.ops, &info) || info.dying)
        balance->env.suspect_gone(balance->env.arg);
    else
        balance->resident = info.resident_pages;
    note_room(balance);
}

static void say_progress(struct balance *balance)
{
    int64_t now = clock_ms();

    if (now < balance->next_progress_ms)
        return;
    balance->next_progress_ms = now + PROGRESS_MS;
    log_info("draining: %" PRIu64 " KiB are still out",
             pages_to_kib(pages_nr_paged(balance->env.pages)));
}

static bool is_drained(const struct balance *balance)
{
    return balance->draining && !pages_nr_paged(balance->env.pages) &&
           !evict_is_busy(balance->env.evict) && !pager_has_unfinished(balance->env.pager);
}

/* Sets going whatever has to be done. Cheap if that is nothing. */
static void work(evutil_socket_t fd, short what, void *arg)
{
    struct balance *balance = arg;

    (void)fd, (void)what;
    if (is_drained(balance)) {
        balance->env.drained(balance->env.arg);
        return;
    }
    if (balance->draining)
        say_progress(balance);
    if (balance_excess(balance))
        evict_start(balance->env.evict);
    fetch(balance);
}

static void work_soon(struct balance *balance)
{
    event_active(balance->work, EV_TIMEOUT, 0);
}

static void check_later(struct balance *balance, bool has_grown)
{
    bool busy = balance->draining || balance_excess(balance);
    int most = busy ? BUSY_CHECK_MS : IDLE_CHECK_MS;

    balance->check_ms = has_grown ? GROWING_CHECK_MS : 2 * balance->check_ms;
    if (balance->check_ms > most)
        balance->check_ms = most;
    timer_add_ms(balance->check, balance->check_ms);
}

/*
 * What the guest does itself (its balloon), and who builds it, is not told to us: look from time to
 * time. A guest that is built while it is paged grows fast, and whoever builds it waits for room.
 */
static void check(evutil_socket_t fd, short what, void *arg)
{
    struct balance *balance = arg;
    uint64_t before = balance->resident;

    (void)fd, (void)what;
    look_at_guest(balance);
    look_at_host(balance);
    check_later(balance, balance->resident > before);
    work_soon(balance);
}

/* Looks as soon as the loop gets to it, and not from within the caller. */
static void check_soon(struct balance *balance)
{
    event_active(balance->check, EV_TIMEOUT, 0);
}

void balance_set_target(struct balance *balance, uint64_t pages)
{
    balance->target = pages;
    if (pages && pages < balance->env.target_min) {
        balance->target = balance->env.target_min;
        log_info("target raised from %" PRIu64 " KiB to the minimum of %" PRIu64 " KiB",
                 pages_to_kib(pages), pages_to_kib(balance->target));
    }
    balance->is_making_room = false; /* until the guest has been looked at */
    check_soon(balance);
}

void balance_drain(struct balance *balance)
{
    balance->draining = true;
    balance->short_pages = 0;
    check_soon(balance);
}

void balance_short_of_memory(struct balance *balance)
{
    if (balance->draining) {
        log_limited(LOG_LEVEL_WARNING, "draining waits: the host has no memory for the guest");
        return;
    }
    log_limited(LOG_LEVEL_WARNING, "the host has no memory for a page-in: paging out more first");
    balance->short_pages = EVICT_BATCH;
    evict_hurry(balance->env.evict);
}

void balance_evicted(struct balance *balance)
{
    balance->resident--;
    note_room(balance);
    if (balance->short_pages)
        balance->short_pages--;
}

void balance_loaded(struct balance *balance)
{
    balance->resident++;
    note_room(balance);
    balance->short_pages = 0; /* there was memory after all */
    if (balance_excess(balance))
        evict_start(balance->env.evict);
}

void balance_fetched(struct balance *balance)
{
    work_soon(balance);
}
