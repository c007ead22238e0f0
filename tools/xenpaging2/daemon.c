/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon at work: what its modules tell each other, and what comes from outside. */
#include "daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "balance.h"
#include "clock_ms.h"
#include "evict.h"
#include "log.h"
#include "notify.h"
#include "page.h"
#include "pager.h"
#include "pages.h"
#include "policy.h"
#include "readahead.h"
#include "status.h"
#include "store.h"
#include "supervised.h"
#include "xen_ops.h"

static void end_loop(struct daemon *d, enum ending ending)
{
    if (d->ending == NOT_ENDED)
        d->ending = ending;
    event_base_loopbreak(d->base);
}

/* --- What the modules call back. --- */

static bool domain_is_gone(struct daemon *d)
{
    struct xen_domain_info info;
    int rc = xen_domain_info(d->ops, &info);

    return rc == -ESRCH || (!rc && info.dying);
}

void daemon_suspect_gone(void *arg)
{
    struct daemon *d = arg;

    if (domain_is_gone(d))
        end_loop(d, DOMAIN_GONE);
}

void daemon_nomination_lost(void *arg, uint32_t gfn)
{
    evict_nomination_lost(((struct daemon *)arg)->evict, gfn);
}

void daemon_fault(void *arg, uint32_t gfn)
{
    readahead_fault(((struct daemon *)arg)->readahead, gfn);
}

bool daemon_may_fetch(void *arg)
{
    return balance_may_fetch(((struct daemon *)arg)->balance);
}

void daemon_short_of_memory(void *arg)
{
    balance_short_of_memory(((struct daemon *)arg)->balance);
}

/* How long the guest has felt that a pager had died. */
static void say_first_page_in(struct daemon *d)
{
    if (!d->takes_over || !d->waited_since_ms || d->stats->refaults == d->refaults_before)
        return;
    log_info("the first page-in after %s, in %" PRId64 " ms",
             d->saw_death ? "the death of the last pager" : "this start",
             clock_ms() - d->waited_since_ms);
    d->waited_since_ms = 0;
}

void daemon_page_loaded(void *arg)
{
    struct daemon *d = arg;

    evict_note_page_in(d->evict);
    say_first_page_in(d);
    balance_loaded(d->balance);
    if (!pager_is_awaited(d->pager))
        evict_go_on(d->evict);
    status_touch(d->status);
}

void daemon_page_evicted(void *arg)
{
    struct daemon *d = arg;

    balance_evicted(d->balance);
    status_touch(d->status);
}

void daemon_page_fetched(void *arg)
{
    balance_fetched(((struct daemon *)arg)->balance);
}

uint64_t daemon_excess(void *arg)
{
    return balance_excess(((struct daemon *)arg)->balance);
}

bool daemon_page_ins_wait(void *arg)
{
    return pager_is_awaited(((struct daemon *)arg)->pager);
}

void daemon_drained(void *arg)
{
    end_loop(arg, DRAINED);
}

/* Xen counts pauses, and the administrator ends one. */
static void hold_domain(struct daemon *d)
{
    struct xen_domain_info info;

    if (d->is_held && !xen_domain_info(d->ops, &info) && info.paused)
        return;
    d->is_held = !xen_pause(d->ops);
}

/* The guest must not go on without the page, nor get another one. */
void daemon_cannot_load(void *arg, uint32_t gfn, const char *why)
{
    struct daemon *d = arg;
    char text[160];

    if (domain_is_gone(d)) {
        end_loop(d, DOMAIN_GONE);
        return;
    }
    snprintf(text, sizeof(text), "gfn %#" PRIx32 " cannot be brought back: %s", gfn, why);
    log_error("%s; the domain is paused", text);
    if (d->failed)
        return; /* the first reason stands */
    d->failed = true;
    hold_domain(d);
    status_set_error(d->status, text);
    status_set_state(d->status, "failed");
}

static void say_state(struct daemon *d)
{
    if (d->failed)
        status_set_state(d->status, "failed");
    else
        status_set_state(d->status, balance_is_draining(d->balance) ? "draining" : "running");
}

/* Whether and when the guest goes on is up to the administrator, who has mended the store. */
void daemon_all_can_load(void *arg)
{
    struct daemon *d = arg;

    d->failed = false;
    log_info("what could not be brought back is back; `xl unpause %" PRIu32
             "` lets the domain go on",
             d->domid);
    status_set_error(d->status, NULL);
    say_state(d);
}

void daemon_fill_status(void *arg, struct status_values *values)
{
    struct daemon *d = arg;

    *values = (struct status_values){
        .resident = pages_to_kib(balance_resident(d->balance)),
        .paged = pages_to_kib(pages_nr_paged(d->pages)),
        .target = pages_to_kib(balance_target(d->balance)),
        .page_ins = d->stats->page_ins,
        .page_outs = d->stats->page_outs,
        .clean = d->stats->clean,
        .refaults = d->stats->refaults,
        .drops = d->stats->drops,
        .lost = d->stats->lost,
        .prefetched = d->stats->prefetched,
        .useful = d->stats->useful,
        .retries = d->stats->retries,
        .parked = evict_nr_parked(d->evict),
        .store_bytes = store_bytes(d->store),
    };
}

/* --- What comes from outside. --- */

/* The guest may have more gfns than it had. What cannot be recorded stays in memory. */
void daemon_look_for_gfns(void *arg)
{
    struct daemon *d = arg;
    uint64_t max_gfn;

    if (xen_max_gfn(d->ops, &max_gfn) || max_gfn < pages_nr_gfns(d->pages))
        return;
    if (max_gfn >= UINT32_MAX || policy_grow(d->policy, (uint32_t)max_gfn + 1) ||
        pages_grow(d->pages, (uint32_t)max_gfn + 1))
        log_limited(LOG_LEVEL_WARNING, "gfns up to %#" PRIx64 " cannot all be paged: no memory",
                    max_gfn);
}

static void set_target(struct daemon *d, uint64_t kib)
{
    if (kib_to_pages(kib) == balance_target(d->balance))
        return;
    log_info("target %" PRIu64 " KiB", kib);
    balance_set_target(d->balance, kib_to_pages(kib));
    status_touch(d->status);
}

/* A value that cannot be used leaves the last good one in force. */
void daemon_target_changed(void *arg, const char *value)
{
    struct daemon *d = arg;
    uint64_t kib;

    if (!value && domain_is_gone(d))
        end_loop(d, DOMAIN_GONE); /* its nodes go first */
    else if (!value)
        log_limited(LOG_LEVEL_INFO, "no target in %s: it stays at %" PRIu64 " KiB", d->target_path,
                    pages_to_kib(balance_target(d->balance)));
    else if (settings_parse_kib(value, &kib))
        log_limited(LOG_LEVEL_WARNING, "%s: '%.32s' is not a number of KiB: the last target stays",
                    d->target_path, value);
    else
        set_target(d, kib);
}

void daemon_domain_released(void *arg, const char *value)
{
    (void)value;
    daemon_suspect_gone(arg);
}

void daemon_told_to_end(int sig, short what, void *arg)
{
    struct daemon *d = arg;

    (void)what;
    if (domain_is_gone(d)) {
        end_loop(d, DOMAIN_GONE);
        return;
    }
    if (balance_is_draining(d->balance)) {
        log_warning("%s: not before the drain is over: %" PRIu64
                    " KiB of the guest's memory are still out and would be lost",
                    strsignal(sig), pages_to_kib(pages_nr_paged(d->pages)));
        return;
    }
    log_info("%s: draining %" PRIu64 " KiB", strsignal(sig),
             pages_to_kib(pages_nr_paged(d->pages)));
    if (!d->failed)
        status_set_state(d->status, "draining");
    if (!d->supervised)
        notify_send(NOTIFY_DRAINS);
    balance_drain(d->balance);
}

/* Paused, so that on a stock Xen nothing is asked for while nobody is there. */
void daemon_told_to_hand_over(int sig, short what, void *arg)
{
    struct daemon *d = arg;

    (void)what;
    if (!d->supervised || getppid() != d->supervised->supervisor || !d->index) {
        log_warning("%s: not without a supervisor, and a store that stays", strsignal(sig));
        return;
    }
    if (balance_is_draining(d->balance)) {
        log_warning("%s: not while draining", strsignal(sig));
        return;
    }
    xen_pause(d->ops);
    d->supervised->hands_over = true;
    end_loop(d, HANDED_OVER);
}

/*
 * The supervisor has died, and the guest cannot be let down for it. From here on the toolstack
 * finds us where it was; the state is written anew for those that watch it.
 */
void daemon_left_alone(int sig, short what, void *arg)
{
    static const char text[] = "the supervisor has died: if the pager dies, too, nobody takes over";
    struct daemon *d = arg;

    (void)sig, (void)what;
    if (!d->supervised || getppid() == d->supervised->supervisor)
        return; /* anybody else can have sent it */
    log_error("%s; the guest is served by process %ld", text, (long)getpid());
    status_set_process(d->status, getpid());
    if (!d->failed)
        status_set_error(d->status, text);
    say_state(d);
}

static void say_end(struct daemon *d)
{
    static const char *const endings[] = {"the event loop broke down", "all memory is back",
                                          "the domain is gone", "handing over"};

    log_info("%s: %" PRIu64 " page-outs, %" PRIu64 " page-ins, %" PRIu64 " of them waited for",
             endings[d->ending], d->stats->page_outs, d->stats->page_ins, d->stats->refaults);
    if (d->ending == NOT_ENDED) {
        xen_pause(d->ops);
        status_set_error(d->status, endings[d->ending]);
        status_set_state(d->status, "failed");
    }
}

void daemon_run(struct daemon *d)
{
    log_info("paging to %s, policy %s", d->store_path, d->settings.policy);
    status_set_error(d->status, NULL);
    status_set_state(d->status, "running");
    status_touch(d->status);
    balance_set_target(d->balance, kib_to_pages(d->settings.target));
    if (d->supervised && d->supervised->drain)
        daemon_told_to_end(SIGTERM, 0, d);
    event_base_dispatch(d->base);
    say_end(d);
}
