/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "adopt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "index.h"
#include "log.h"
#include "mem_event_ring.h"
#include "pages.h"
#include "store.h"
#include "xen_ops.h"

#define CANCEL_TRIES 1000
#define CANCEL_RETRY_US 1000
#define COUNT_TRIES 100
#define COUNT_RETRY_US 1000

/* An entry that names a place where the contents of the gfn may be. */
static bool names_place(uint32_t entry)
{
    return entry != INDEX_NONE && entry != INDEX_NOMINATED && !index_is_kept(entry);
}

int adopt_check(const struct adopt_env *env, char *message, size_t size)
{
    uint32_t gfn = pages_next_with_room(env->pages, 0);

    for (; gfn < pages_nr_gfns(env->pages);
         gfn = pages_next_with_room(env->pages, gfn + UINT64_C(1))) {
        uint32_t entry = pages_entry(env->pages, gfn);

        if (index_is_kept(entry))
            entry ^= INDEX_KEPT;
        if (!names_place(entry) || entry == INDEX_ZERO || store_has(env->store, entry - 1, gfn))
            continue;
        snprintf(message, size,
                 "the index is damaged: its entry of gfn %#" PRIx32 " makes no sense", gfn);
        return -EBADMSG;
    }
    return 0;
}

/* The next gfns from *gfn on for which is(env, gfn) says so, as many as one query takes. */
static unsigned int gather(const struct adopt_env *env, uint32_t *gfn, struct xen_page *pages,
                           bool (*is)(const struct adopt_env *env, uint32_t gfn))
{
    unsigned int nr = 0;

    while (nr < XEN_MAX_QUERY) {
        *gfn = pages_next_with_room(env->pages, *gfn);
        if (*gfn == pages_nr_gfns(env->pages))
            break;
        if (is(env, *gfn))
            pages[nr++].gfn = *gfn;
        ++*gfn;
    }
    return nr;
}

static bool may_be_out(const struct adopt_env *env, uint32_t gfn)
{
    return names_place(pages_entry(env->pages, gfn));
}

/* With an error, what may be out is taken for out: it is seen when it is to be loaded. */
static void adopt_one(const struct adopt_env *env, const struct xen_page *page)
{
    if (page->rc != XEN_PAGE_IN)
        pages_adopt(env->pages, page->gfn, page->rc != XEN_PAGE_OUT);
}

static int adopt_what_is_out(const struct adopt_env *env)
{
    struct xen_page pages[XEN_MAX_QUERY];
    uint32_t gfn = 0;
    unsigned int nr;

    while ((nr = gather(env, &gfn, pages, may_be_out))) {
        xen_query(env->ops, pages, nr);
        for (unsigned int i = 0; i < nr; i++) {
            if (pages[i].rc == -ESRCH)
                return -ESRCH;
            adopt_one(env, &pages[i]);
        }
    }
    return 0;
}

/* -EBADMSG: Xen counts more. */
static int compare_counts(const struct adopt_env *env)
{
    struct xen_domain_info info;
    int rc = xen_domain_info(env->ops, &info);

    return rc || info.paged_pages <= pages_nr_paged(env->pages) ? rc : -EBADMSG;
}

/*
 * Not on a stock Xen, which goes on counting what was ballooned away. What was given up since we
 * asked for each is counted no more; what is given up right now, in a moment (guest_remove_page()).
 */
static int check_that_all_are_known(const struct adopt_env *env)
{
    int rc = xen_is_patched(env->ops) ? compare_counts(env) : 0;

    for (int i = 0; rc == -EBADMSG && i < COUNT_TRIES; i++) {
        usleep(COUNT_RETRY_US);
        rc = compare_counts(env);
    }
    return rc;
}

static bool is_left_over(const struct adopt_env *env, uint32_t gfn)
{
    return pages_state(env->pages, gfn) == PAGE_RESIDENT &&
           pages_entry(env->pages, gfn) != INDEX_NONE;
}

/* A stock Xen needs room in the ring for it, which it has when its requests are answered. */
static int take_back(const struct adopt_env *env, struct xen_page *page)
{
    for (int i = 0; i < CANCEL_TRIES; i++) {
        xen_cancel(env->ops, page, 1);
        if (page->rc != -EAGAIN && page->rc != -ENOMEM)
            break;
        mem_event_ring_consume(env->ring);
        mem_event_ring_notify(env->ring);
        usleep(CANCEL_RETRY_US);
    }
    return page->rc == -ENOENT ? 0 : page->rc;
}

/* Page-ins under way are completed by the query. What is out is out for nobody's knowing where. */
static int check_left_over(const struct adopt_env *env, struct xen_page *pages, unsigned int nr)
{
    xen_query(env->ops, pages, nr);
    for (unsigned int i = 0; i < nr; i++)
        if (pages[i].rc == XEN_PAGE_OUT || pages[i].rc == XEN_PAGE_WANTED)
            return -EBADMSG;
    return 0;
}

/* It was forgotten before the gfn could be nominated. */
static bool is_kept(const struct adopt_env *env, uint32_t gfn)
{
    return pages_kept(env->pages, gfn) != STORE_SLOT_NONE;
}

/* As long as a nomination stands, so does its entry. */
static int clear_left_over(const struct adopt_env *env)
{
    struct xen_page pages[XEN_MAX_QUERY];
    uint32_t gfn = 0;
    unsigned int nr;
    int rc = 0;

    while (!rc && (nr = gather(env, &gfn, pages, is_left_over))) {
        rc = check_left_over(env, pages, nr);
        for (unsigned int i = 0; !rc && i < nr; i++) {
            rc = is_kept(env, pages[i].gfn) ? 0 : take_back(env, &pages[i]);
            if (!rc)
                pages_forget(env->pages, pages[i].gfn);
        }
    }
    return rc;
}

static bool is_named(void *arg, uint32_t slot, uint32_t gfn)
{
    const struct pages *pages = arg;

    return gfn < pages_nr_gfns(pages) && pages_entry(pages, gfn) == slot + 1;
}

int adopt_pages(const struct adopt_env *env, char *message, size_t size)
{
    int rc = adopt_what_is_out(env);

    if (!rc)
        rc = check_that_all_are_known(env);
    if (!rc)
        rc = clear_left_over(env);
    if (rc) {
        snprintf(message, size, "cannot take over what is paged out: %s",
                 rc == -EBADMSG ? "the index does not say where it is" : strerror(-rc));
        return rc;
    }
    store_adopt(env->store, is_named, env->pages);
    log_info("taken over from a pager that has died: %" PRIu32 " pages are out",
             pages_nr_paged(env->pages));
    return 0;
}
