/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The start, step by step, and the end. */
#include "daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "balance.h"
#include "evict.h"
#include "log.h"
#include "mem_event_ring.h"
#include "options.h"
#include "page.h"
#include "pager.h"
#include "pages.h"
#include "policy.h"
#include "priorities.h"
#include "status.h"
#include "store.h"
#include "xen_ops.h"
#include "xenstore.h"

static int refuse(struct daemon *d, int rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct daemon *d, int rc, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(d->message, sizeof(d->message), fmt, args);
    va_end(args);
    return rc;
}

static int no_memory(struct daemon *d)
{
    return refuse(d, -ENOMEM, "out of memory");
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
            refuse(d, rc, "/libxl/%" PRIu32 "/paging/%s", d->domid, why);
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
        return no_memory(d);
    rc = xen_ops_open(d->domid, &d->ops, d->message, sizeof(d->message));
    return rc ? rc : xenstore_open(d->domain_path, &d->xs, d->message, sizeof(d->message));
}

static int check_domain(struct daemon *d)
{
    struct xen_domain_info info;
    int rc = xen_domain_info(d->ops, &info);

    if (rc == -ESRCH || (!rc && info.dying))
        return refuse(d, -ESRCH, "domain %" PRIu32 ": there is no such domain", d->domid);
    if (rc)
        return refuse(d, rc, "domain %" PRIu32 ": %s", d->domid, strerror(-rc));
    if (!info.hvm)
        return refuse(d, -EINVAL, "domain %" PRIu32 " cannot be paged: it is a PV guest", d->domid);
    if (!info.hap)
        return refuse(d, -ENODEV,
                      "domain %" PRIu32
                      " cannot be paged: it has no hardware-assisted paging (HAP)",
                      d->domid);
    return mem_event_ring_check(d->ops, d->message, sizeof(d->message));
}

/* The directory is made if there is none, for nobody else to look into. */
static int name_store(struct daemon *d)
{
    const struct settings *s = &d->settings;

    if (s->store) {
        d->store_path = strdup(s->store);
        return d->store_path ? 0 : no_memory(d);
    }
    if (mkdir(s->directory, 0700) && errno != EEXIST)
        return refuse(d, -errno, "directory: '%s' cannot be made: %s", s->directory,
                      strerror(errno));
    if (asprintf(&d->store_path, "%s/xenpaging2-%" PRIu32, s->directory, d->domid) < 0) {
        d->store_path = NULL;
        return no_memory(d);
    }
    return 0;
}

static int open_store(struct daemon *d)
{
    const struct store_options options = {
        .where = d->store_path,
        .max_pages = kib_to_pages(d->settings.store_max),
        .compression = d->settings.compression,
        .connections = d->settings.connections,
        .encryption = d->settings.encryption,
    };

    return store_open(d->base, &options, &d->store, d->message, sizeof(d->message));
}

static int create_tables(struct daemon *d)
{
    uint64_t max_gfn;
    uint32_t nr_gfns;
    int rc = xen_max_gfn(d->ops, &max_gfn);

    if (rc)
        return refuse(d, rc, "cannot ask for the highest gfn: %s", strerror(-rc));
    if (max_gfn >= UINT32_MAX)
        return refuse(d, -E2BIG,
                      "the guest's highest gfn is %#" PRIx64 " (allowed: below 2^32 - 1)", max_gfn);
    nr_gfns = (uint32_t)max_gfn + 1;
    d->pages = pages_create(nr_gfns);
    d->policy = policy_create(d->settings.policy, nr_gfns);
    return d->pages && d->policy ? 0 : no_memory(d);
}

static int create_pager(struct daemon *d)
{
    const struct pager_env env = {
        .base = d->base,
        .ops = d->ops,
        .pages = d->pages,
        .policy = d->policy,
        .store = d->store,
        .stats = &d->stats,
        .arg = d,
        .nomination_lost = daemon_nomination_lost,
        .short_of_memory = daemon_short_of_memory,
        .loaded = daemon_page_loaded,
        .fetched = daemon_page_fetched,
        .cannot_load = daemon_cannot_load,
        .suspect_gone = daemon_suspect_gone,
    };

    d->pager = pager_create(&env);
    return d->pager ? 0 : no_memory(d);
}

static int create_evict(struct daemon *d)
{
    const struct evict_env env = {
        .base = d->base,
        .ops = d->ops,
        .pages = d->pages,
        .policy = d->policy,
        .store = d->store,
        .stats = &d->stats,
        .arg = d,
        .wanted = daemon_excess,
        .evicted = daemon_page_evicted,
        .new_pass = daemon_look_for_gfns,
        .suspect_gone = daemon_suspect_gone,
    };

    d->evict = evict_create(&env);
    return d->evict ? 0 : no_memory(d);
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
    return d->balance ? 0 : no_memory(d);
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
    int rc = mem_event_ring_attach(d->base, d->ops, pager_handle, d->pager, &d->ring, d->message,
                                   sizeof(d->message));

    if (!rc) {
        pager_set_ring(d->pager, d->ring);
        evict_set_ring(d->evict, d->ring);
        say_hypervisor(d);
    }
    return rc;
}

static int listen_to_signals(struct daemon *d)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN); /* the terminal may go, the guest stays */
    for (int i = 0; i < 2; i++) {
        d->signals[i] = evsignal_new(d->base, numbers[i], daemon_told_to_end, d);
        if (!d->signals[i] || event_priority_set(d->signals[i], PRIORITY_SERVE) ||
            event_add(d->signals[i], NULL))
            return no_memory(d);
    }
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
        return refuse(d, rc, "cannot watch xenstore: %s", strerror(-rc));
    d->status = status_create(d->base, d->xs, d->domid, daemon_fill_status, d);
    return d->status ? 0 : no_memory(d);
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
        return no_memory(d);
    return options_apply(d->options, &d->settings, d->message, sizeof(d->message));
}

int daemon_start(struct daemon *d)
{
    static int (*const steps[])(struct daemon * d) = {
        name_paths,     check_options,     open_interfaces,    check_domain, read_settings,
        name_store,     open_store,        create_tables,      create_pager, create_evict,
        create_balance, listen_to_signals, listen_to_xenstore, attach,
    };
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(steps) / sizeof(steps[0]); i++)
        rc = steps[i](d);
    return rc;
}

/* In the order in which nothing is used after it is gone. Works at any point of the start. */
void daemon_clean_up(struct daemon *d)
{
    bool pages_are_out = d->ring && d->ending == NOT_ENDED;

    if (pages_are_out || d->ending == DOMAIN_GONE) {
        mem_event_ring_abandon(d->ring);
    } else {
        if (d->ring)
            pager_end(d->pager);
        mem_event_ring_detach(d->ring);
    }
    if (d->store && !pages_are_out)
        store_remove(d->store);
    if (d->ending == DRAINED) {
        status_flush(d->status);
        status_set_state(d->status, "stopped"); /* another pager may start now */
    }
    store_close(d->store);
    xenstore_close(d->xs);
    balance_destroy(d->balance);
    evict_destroy(d->evict);
    pager_destroy(d->pager);
    status_destroy(d->status);
    policy_destroy(d->policy);
    pages_destroy(d->pages);
    xen_ops_close(d->ops);
    for (int i = 0; i < 2; i++)
        if (d->signals[i])
            event_free(d->signals[i]);
    if (d->base)
        event_base_free(d->base);
    free(d->store_path);
    settings_clear(&d->settings);
}
