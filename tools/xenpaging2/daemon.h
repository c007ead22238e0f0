/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as a whole: all its modules, started in order, connected with each other, ended in
 * order. Private to main.c, daemon.c and startup*.c; no page is handled in these.
 */
#ifndef XENPAGING2_DAEMON_H
#define XENPAGING2_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "index.h"
#include "settings.h"
#include "stats.h"

struct balance;
struct evict;
struct readahead;
struct event;
struct event_base;
struct mem_event_ring;
struct options;
struct pager;
struct pages;
struct policy;
struct status;
struct status_values;
struct store;
struct store_secret;
struct supervised;
struct xen_ops;
struct xenstore;

enum ending {
    NOT_ENDED, /* running, or broken off with pages out */
    DRAINED,
    DOMAIN_GONE,
    HANDED_OVER /* with pages out, to the next one */
};

#define DAEMON_NR_SIGNALS 4

struct daemon {
    const struct options *options;
    struct supervised *supervised;     /* NULL: nobody does */
    const struct store_secret *secret; /* of encrypted pages; NULL: nobody else has it */
    struct settings settings;
    struct stats *stats;    /* in the index, or: */
    struct stats own_stats; /* without one */
    uint32_t domid;
    char domain_path[32];
    char target_path[64];
    char *store_path;
    char *index_path;
    enum ending ending;
    bool was_attached;        /* a pager is, or was when it died */
    bool takes_over;          /* what that one had paged out */
    struct index_owner owner; /* of the index, which is of this domain and this store */
    bool failed;              /* a page cannot be had; the domain was paused for it */
    bool is_held;             /* it was, and may be still */
    uint64_t refaults_before; /* of earlier pagers */
    int64_t waited_since_ms;  /* the guest, for its first page-in; 0: it has had it */
    bool saw_death;           /* that is when the last pager died, not when we began */

    struct event_base *base;
    struct event *signals[DAEMON_NR_SIGNALS];
    struct xen_ops *ops;
    struct xenstore *xs;
    struct status *status;
    struct index *index; /* NULL if the store ends with the process */
    struct pages *pages;
    struct policy *policy;
    struct store *store;
    struct pager *pager;
    struct evict *evict;
    struct readahead *readahead;
    struct balance *balance;
    struct mem_event_ring *ring;

    char message[512]; /* why the start failed */
};

/* --- startup.c --- */

/*
 * Takes every step up to a paged domain; d->options is set, and d->supervised may be, all else is
 * zero. A domain whose pager has died is taken over with what is out. On failure returns a
 * negative errno with d->message set. Then, as in the end, daemon_clean_up() is due.
 */
int daemon_start(struct daemon *d);

/*
 * Undoes whatever was started. Where pages are still out, paging stays enabled, and store and index
 * stay where they are: they are all that is left of the guest's memory.
 */
void daemon_clean_up(struct daemon *d);

/* --- daemon.c --- */

/* Serves the domain until the end, which d->ending then says. */
void daemon_run(struct daemon *d);

/* What modules and events call; see the members of their env of the same name. */
void daemon_suspect_gone(void *arg);
void daemon_nomination_lost(void *arg, uint32_t gfn);
void daemon_fault(void *arg, uint32_t gfn);
bool daemon_may_fetch(void *arg);
void daemon_short_of_memory(void *arg);
void daemon_page_loaded(void *arg);
void daemon_page_evicted(void *arg);
void daemon_page_fetched(void *arg);
uint64_t daemon_excess(void *arg);
bool daemon_page_ins_wait(void *arg);
void daemon_drained(void *arg);
void daemon_look_for_gfns(void *arg);
void daemon_cannot_load(void *arg, uint32_t gfn, const char *why);
void daemon_all_can_load(void *arg);
void daemon_fill_status(void *arg, struct status_values *values);
void daemon_target_changed(void *arg, const char *value);
void daemon_domain_released(void *arg, const char *value);
void daemon_told_to_end(int sig, short what, void *arg);
void daemon_told_to_hand_over(int sig, short what, void *arg);
void daemon_left_alone(int sig, short what, void *arg);

#endif
