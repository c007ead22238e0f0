/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start, step by step, and the end. */
#include "startup.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "adopt.h"
#include "balance.h"
#include "clock_ms.h"
#include "evict.h"
#include "index.h"
#include "log.h"
#include "mem_event_ring.h"
#include "notify.h"
#include "options.h"
#include "page.h"
#include "pager.h"
#include "pages.h"
#include "policy.h"
#include "priorities.h"
#include "readahead.h"
#include "status.h"
#include "store.h"
#include "supervised.h"
#include "xen_ops.h"
#include "xenstore.h"

int startup_refuse(struct daemon *d, int rc, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(d->message, sizeof(d->message), fmt, args);
    va_end(args);
    return rc;
}

int startup_no_memory(struct daemon *d)
{
    return startup_refuse(d, -ENOMEM, "out of memory");
}

static int read_settings(struct daemon *d)
{
    const char *key;
    int rc = 0;

    for (unsigned int i = 0; !rc && (key = settings_key(i)); i++) {
        char path[64], why[256];
        char *value;

        if (!strcmp(key, "target"))
            continue; /* its place in xenstore is another, and it is watched */
        snprintf(path, sizeof(path), "/libxl/%" PRIu32 "/paging/%s", d->domid, key);
        value = xenstore_read(d->xs, path);
        if (value && (rc = settings_set(&d->settings, key, value, why, sizeof(why))))
            startup_refuse(d, rc, "/libxl/%" PRIu32 "/paging/%s", d->domid, why);
        free(value);
    }
    return rc ? rc : options_apply(d->options, &d->settings, d->message, sizeof(d->message));
}

static int open_interfaces(struct daemon *d)
{
    struct event_config *config = event_config_new();
    int rc;

    /* After each turn in the background, see whether there is something to serve. */
    if (config && !event_config_set_max_dispatch_interval(config, NULL, 1, PRIORITY_BACKGROUND))
        d->base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    if (!d->base || event_base_priority_init(d->base, NR_PRIORITIES))
        return startup_no_memory(d);
    rc = xen_ops_open(d->domid, &d->ops, d->message, sizeof(d->message));
    return rc ? rc : xenstore_open(d->domain_path, &d->xs, d->message, sizeof(d->message));
}

/* With a pager attached, or one that was when it died, it depends on what there is of an index. */
static int check_paging(struct daemon *d)
{
    int rc = mem_event_ring_check(d->ops, d->message, sizeof(d->message));

    d->was_attached = rc == -EBUSY;
    return d->was_attached ? 0 : rc;
}

static int check_domain(struct daemon *d)
{
    struct xen_domain_info info;
    int rc = xen_domain_info(d->ops, &info);

    if (rc == -ESRCH || (!rc && info.dying))
        return startup_refuse(d, -ESRCH, "domain %" PRIu32 ": there is no such domain", d->domid);
    if (rc)
        return startup_refuse(d, rc, "domain %" PRIu32 ": %s", d->domid, strerror(-rc));
    if (!info.hvm)
        return startup_refuse(d, -EINVAL, "domain %" PRIu32 " cannot be paged: it is a PV guest",
                              d->domid);
    if (!info.hap)
        return startup_refuse(d, -ENODEV,
                              "domain %" PRIu32
                              " cannot be paged: it has no hardware-assisted paging (HAP)",
                              d->domid);
    return check_paging(d);
}

static struct adopt_env adopt_env(const struct daemon *d)
{
    return (struct adopt_env){.ops = d->ops, .pages = d->pages, .store = d->store, .ring = d->ring};
}

/* Of what was out before us. */
static int make_room(struct daemon *d)
{
    uint64_t gfn = pages_next_with_room(d->pages, 0);
    int rc = 0;

    while (!rc && gfn < pages_nr_gfns(d->pages)) {
        rc = policy_make_room(d->policy, (uint32_t)gfn);
        gfn = pages_next_with_room(d->pages, gfn + PART_GFNS);
    }
    return rc;
}

static int create_tables(struct daemon *d)
{
    uint64_t max_gfn;
    uint32_t nr_gfns;
    int rc = xen_max_gfn(d->ops, &max_gfn);

    if (rc)
        return startup_refuse(d, rc, "cannot ask for the highest gfn: %s", strerror(-rc));
    if (max_gfn >= UINT32_MAX)
        return startup_refuse(d, -E2BIG,
                              "the guest's highest gfn is %#" PRIx64 " (allowed: below 2^32 - 1)",
                              max_gfn);
    nr_gfns = (uint32_t)max_gfn + 1;
    d->pages = pages_create(nr_gfns, d->index);
    if (!d->pages && store_was_full(-errno))
        return startup_refuse(d, -ENOSPC, "index: '%s': there is no room for it", d->index_path);
    d->policy = policy_create(d->settings.policy, nr_gfns);
    return d->pages && d->policy && !make_room(d) ? 0 : startup_no_memory(d);
}

static int check_entries(struct daemon *d)
{
    const struct adopt_env env = adopt_env(d);

    return d->takes_over ? adopt_check(&env, d->message, sizeof(d->message)) : 0;
}

static int create_pager(struct daemon *d)
{
    const struct pager_env env = {
        .base = d->base,
        .ops = d->ops,
        .pages = d->pages,
        .policy = d->policy,
        .store = d->store,
        .stats = d->stats,
        .arg = d,
        .nomination_lost = daemon_nomination_lost,
        .fault = daemon_fault,
        .short_of_memory = daemon_short_of_memory,
        .loaded = daemon_page_loaded,
        .fetched = daemon_page_fetched,
        .cannot_load = daemon_cannot_load,
        .all_can_load = daemon_all_can_load,
        .suspect_gone = daemon_suspect_gone,
    };

    d->pager = pager_create(&env);
    return d->pager ? 0 : startup_no_memory(d);
}

static int create_evict(struct daemon *d)
{
    const struct evict_env env = {
        .base = d->base,
        .ops = d->ops,
        .pages = d->pages,
        .policy = d->policy,
        .store = d->store,
        .stats = d->stats,
        .arg = d,
        .wanted = daemon_excess,
        .page_ins_wait = daemon_page_ins_wait,
        .evicted = daemon_page_evicted,
        .new_pass = daemon_look_for_gfns,
        .suspect_gone = daemon_suspect_gone,
    };

    d->evict = evict_create(&env);
    return d->evict ? 0 : startup_no_memory(d);
}

static int create_balance(struct daemon *d)
{
    const struct balance_env env = {
        .base = d->base,
        .ops = d->ops,
        .pages = d->pages,
        .pager = d->pager,
        .evict = d->evict,
        .target_min = kib_to_pages(d->settings.target_min),
        .arg = d,
        .drained = daemon_drained,
        .suspect_gone = daemon_suspect_gone,
    };

    d->balance = balance_create(&env);
    return d->balance ? 0 : startup_no_memory(d);
}

static int create_readahead(struct daemon *d)
{
    const struct readahead_env env = {
        .base = d->base,
        .pages = d->pages,
        .pager = d->pager,
        .stats = d->stats,
        .arg = d,
        .may_fetch = daemon_may_fetch,
    };

    d->readahead = readahead_create(&env);
    return d->readahead ? 0 : startup_no_memory(d);
}

static void say_hypervisor(struct daemon *d)
{
    if (xen_is_patched(d->ops))
        log_info("a patched Xen: pages go out in batches, and no write of dom0's is lost%s",
                 xen_has_doorbell(d->ops) ? "; it tells when a page is let go" : "");
    else
        log_warning(
            "a stock Xen: writes of dom0's programs that map the guest's memory can be lost; "
            "see LIMITS in xenpaging2(8)");
}

static int attach(struct daemon *d)
{
    int rc = (d->takes_over ? mem_event_ring_take_over : mem_event_ring_attach)(
        d->base, d->ops, pager_handle, d->pager, &d->ring, d->message, sizeof(d->message));

    if (!rc) {
        pager_set_ring(d->pager, d->ring);
        evict_set_ring(d->evict, d->ring);
        say_hypervisor(d);
    }
    return rc;
}

static int adopt(struct daemon *d)
{
    const struct adopt_env env = adopt_env(d);

    return d->takes_over ? adopt_pages(&env, d->message, sizeof(d->message)) : 0;
}

/* From here on the guest is served, and goes on: who sees that may have us hand over. */
static int let_guest_go_on(struct daemon *d)
{
    int rc;

    if (d->supervised) {
        d->supervised->attached_ms = clock_ms();
        d->supervised->attached = true;
    }
    rc = xen_undo_pauses(d->ops);
    if (rc)
        log_error("cannot unpause the domain: %s", strerror(-rc));
    return 0;
}

/* To the one that was started by the user; it may be us. */
static int say_that_it_is_served(struct daemon *d)
{
    if (!d->supervised)
        notify_send(NOTIFY_SERVED);
    else if (getppid() == d->supervised->supervisor)
        kill(d->supervised->supervisor, SUPERVISED_ATTACHED);
    return 0;
}

static int listen_to_signals(struct daemon *d)
{
    static const struct {
        int number;
        event_callback_fn fn;
    } signals[] = {{SIGTERM, daemon_told_to_end},
                   {SIGINT, daemon_told_to_end},
                   {SIGUSR2, daemon_told_to_hand_over},
                   {SUPERVISED_ALONE, daemon_left_alone}};
    sigset_t heard; /* even if who started us had them blocked */

    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* the terminal may go, the guest stays */
    sigemptyset(&heard);
    for (int i = 0; i < DAEMON_NR_SIGNALS; i++) {
        sigaddset(&heard, signals[i].number);
        d->signals[i] = evsignal_new(d->base, signals[i].number, signals[i].fn, d);
        if (!d->signals[i] || event_priority_set(d->signals[i], PRIORITY_SERVE) ||
            event_add(d->signals[i], NULL))
            return startup_no_memory(d);
    }
    pthread_sigmask(SIG_UNBLOCK, &heard, NULL);
    return 0;
}

/* It may be dead by now. */
static int follow_supervisor(struct daemon *d)
{
    if (!d->supervised)
        return 0;
    if (prctl(PR_SET_PDEATHSIG, SUPERVISED_ALONE))
        log_warning("the supervisor's death will go unnoticed: %s", strerror(errno));
    if (getppid() != d->supervised->supervisor)
        raise(SUPERVISED_ALONE);
    return 0;
}

static int listen_to_xenstore(struct daemon *d)
{
    int rc = xenstore_watch(d->xs, "@releaseDomain", daemon_domain_released, d);

    if (!rc && !d->settings.has_target)
        rc = xenstore_watch(d->xs, d->target_path, daemon_target_changed, d);
    if (!rc)
        rc = xenstore_start(d->xs, d->base);
    if (rc)
        return startup_refuse(d, rc, "cannot watch xenstore: %s", strerror(-rc));
    d->status = status_create(d->base, d->xs, d->domid, daemon_fill_status, d);
    return d->status ? 0 : startup_no_memory(d);
}

/* When the last pager died is known if it had the same supervisor. */
static int note_since_when_the_guest_waits(struct daemon *d)
{
    d->saw_death = d->supervised && d->supervised->died_ms;
    d->waited_since_ms = d->saw_death ? d->supervised->died_ms : clock_ms();
    return 0;
}

static int name_paths(struct daemon *d)
{
    d->domid = d->options->domid;
    snprintf(d->domain_path, sizeof(d->domain_path), "/local/domain/%" PRIu32, d->domid);
    snprintf(d->target_path, sizeof(d->target_path), "%s/memory/target-tot_pages", d->domain_path);
    return 0;
}

/* Bad values are refused before anything is opened; they are applied anew after xenstore's. */
static int check_options(struct daemon *d)
{
    if (settings_init(&d->settings))
        return startup_no_memory(d);
    return options_apply(d->options, &d->settings, d->message, sizeof(d->message));
}

int daemon_start(struct daemon *d)
{
    static int (*const steps[])(struct daemon * d) = {
        note_since_when_the_guest_waits,
        name_paths,
        check_options,
        open_interfaces,
        check_domain,
        read_settings,
        startup_name_store,
        startup_name_index,
        startup_find_what_was_left,
        startup_open_store,
        startup_open_index,
        create_tables,
        check_entries,
        create_pager,
        create_evict,
        create_balance,
        create_readahead,
        listen_to_signals,
        follow_supervisor,
        listen_to_xenstore,
        attach,
        adopt,
        let_guest_go_on,
        say_that_it_is_served,
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](d);
    return rc;
}

/* One whose start failed with nothing out has the pauses of one that died near its end, perhaps. */
static void leave_domain(struct daemon *d)
{
    if (d->ring)
        pager_end(d->pager);
    mem_event_ring_detach(d->ring);
    if (d->index && d->ending == NOT_ENDED)
        xen_undo_pauses(d->ops);
    if (d->supervised)
        d->supervised->is_over = d->index || d->ending == DRAINED;
}

/* In the order in which nothing is used after it is gone. Works at any point of the start. */
void daemon_clean_up(struct daemon *d)
{
    bool pages_are_out =
        (d->ring || d->takes_over) && (d->ending == NOT_ENDED || d->ending == HANDED_OVER);

    if (pages_are_out || d->ending == DOMAIN_GONE)
        mem_event_ring_abandon(d->ring);
    else
        leave_domain(d);
    if (d->store && !pages_are_out)
        store_remove(d->store);
    if (!pages_are_out)
        index_remove(d->index);
    if (d->ending == DRAINED) {
        status_flush(d->status);
        status_set_state(d->status, "stopped"); /* another pager may start now */
    }
    store_close(d->store);
    xenstore_close(d->xs);
    balance_destroy(d->balance);
    readahead_destroy(d->readahead);
    evict_destroy(d->evict);
    pager_destroy(d->pager);
    status_destroy(d->status);
    policy_destroy(d->policy);
    pages_destroy(d->pages);
    xen_ops_close(d->ops);
    index_close(d->index);
    for (int i = 0; i < DAEMON_NR_SIGNALS; i++)
        if (d->signals[i])
            event_free(d->signals[i]);
    if (d->base)
        event_base_free(d->base);
    free(d->store_path);
    free(d->index_path);
    settings_clear(&d->settings);
}
