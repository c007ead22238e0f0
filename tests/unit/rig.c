/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "failing.h"

static void nomination_lost(void *arg, uint32_t gfn)
{
    evict_nomination_lost(((struct rig *)arg)->evict, gfn);
}

static void short_of_memory(void *arg)
{
    struct rig *rig = arg;

    rig->short_of_memory++;
    if (rig->balanced)
        balance_short_of_memory(rig->balance);
}

static void page_loaded(void *arg)
{
    struct rig *rig = arg;

    rig->loaded++;
    balance_loaded(rig->balance);
}

static void page_evicted(void *arg)
{
    struct rig *rig = arg;

    rig->evicted++;
    if (rig->to_go)
        rig->to_go--;
    balance_evicted(rig->balance);
}

static void page_fetched(void *arg)
{
    struct rig *rig = arg;

    rig->fetched++;
    if (rig->balanced)
        balance_fetched(rig->balance);
}

static uint64_t wanted(void *arg)
{
    struct rig *rig = arg;

    return rig->balanced ? balance_excess(rig->balance) : rig->to_go;
}

static void new_pass(void *arg)
{
    ((struct rig *)arg)->new_passes++;
}

static void all_drained(void *arg)
{
    ((struct rig *)arg)->drained++;
}

static void suspect_gone(void *arg)
{
    ((struct rig *)arg)->suspect_gone++;
}

static void cannot_load(void *arg, uint32_t gfn, const char *why)
{
    struct rig *rig = arg;

    rig->cannot_load++;
    rig->cannot_load_gfn = gfn;
    snprintf(rig->cannot_load_why, sizeof(rig->cannot_load_why), "%s", why);
}

static void create_pager(struct rig *rig)
{
    const struct pager_env env = {
        .base = rig->base,
        .ops = rig->ops,
        .pages = rig->pages,
        .policy = rig->policy,
        .store = rig->store,
        .stats = &rig->stats,
        .arg = rig,
        .nomination_lost = nomination_lost,
        .short_of_memory = short_of_memory,
        .loaded = page_loaded,
        .fetched = page_fetched,
        .cannot_load = cannot_load,
        .suspect_gone = suspect_gone,
    };

    rig->pager = pager_create(&env);
    assert_non_null(rig->pager);
}

static void create_evict(struct rig *rig)
{
    const struct evict_env env = {
        .base = rig->base,
        .ops = rig->ops,
        .pages = rig->pages,
        .policy = rig->policy,
        .store = rig->store,
        .stats = &rig->stats,
        .arg = rig,
        .wanted = wanted,
        .evicted = page_evicted,
        .new_pass = new_pass,
        .suspect_gone = suspect_gone,
    };

    rig->evict = evict_create(&env);
    assert_non_null(rig->evict);
}

static void create_balance(struct rig *rig)
{
    const struct balance_env env = {
        .base = rig->base,
        .ops = rig->ops,
        .pages = rig->pages,
        .pager = rig->pager,
        .evict = rig->evict,
        .target_min = 16,
        .arg = rig,
        .drained = all_drained,
        .suspect_gone = suspect_gone,
    };

    rig->balance = balance_create(&env);
    assert_non_null(rig->balance);
}

static void attach(struct rig *rig)
{
    char message[256] = "";

    if (mem_event_ring_attach(rig->base, rig->ops, pager_handle, rig->pager, &rig->ring, message,
                              sizeof(message)))
        fail_msg("%s", message);
    pager_set_ring(rig->pager, rig->ring);
    evict_set_ring(rig->evict, rig->ring);
}

static const struct store_options plain = {.where = "/nowhere"};
static const struct store_options *store_options = &plain;

void rig_use_store(const struct store_options *options)
{
    store_options = options ? options : &plain;
}

static void open_store(struct rig *rig)
{
    char message[256] = "";

    fake_engine_reset();
    fake_engine.in_use = true;
    if (store_open(rig->base, store_options, &rig->store, message, sizeof(message)))
        fail_msg("%s", message);
}

struct rig *rig_create(uint32_t nr_gfns, const char *policy)
{
    struct rig *rig = unfailing_calloc(1, sizeof(*rig));
    char message[256] = "";

    be_quiet(true);
    fake_time_begin();
    fake_xen_create(nr_gfns);
    rig->base = loop_create();
    if (xen_ops_open(FAKE_DOMID, &rig->ops, message, sizeof(message)))
        fail_msg("%s", message);
    open_store(rig);
    rig->pages = pages_create(nr_gfns);
    rig->policy = policy_create(policy, nr_gfns);
    assert_true(rig->pages && rig->policy);
    create_pager(rig);
    create_evict(rig);
    create_balance(rig);
    attach(rig);
    return rig;
}

void rig_destroy(struct rig *rig)
{
    mem_event_ring_detach(rig->ring);
    store_close(rig->store);
    balance_destroy(rig->balance);
    evict_destroy(rig->evict);
    pager_destroy(rig->pager);
    policy_destroy(rig->policy);
    pages_destroy(rig->pages);
    xen_ops_close(rig->ops);
    event_base_free(rig->base);
    fake_xen_destroy();
    fake_engine_reset();
    fake_time_end();
    be_quiet(false);
    unfailing_free(rig);
}

int rig_setup(void **state)
{
    *state = rig_create(RIG_GFNS, "clock");
    return 0;
}

int rig_setup_balanced(void **state)
{
    struct rig *rig = rig_create(RIG_GFNS, "clock");

    rig->balanced = true;
    balance_set_target(rig->balance, 0);
    *state = rig;
    return 0;
}

int rig_setup_patched(void **state)
{
    return setup_on_patched(rig_setup, state);
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;

    rig_drain(rig);
    rig_assert_at_peace(rig);
    assert_int_equal(pages_nr_paged(rig->pages), 0);
    assert_int_equal(store_bytes(rig->store), 0);
    rig_destroy(rig);
    return 0;
}

void rig_start_page_out(struct rig *rig, uint64_t nr)
{
    rig->to_go = nr;
    evict_start(rig->evict);
}

static bool nothing_to_go(void *arg)
{
    struct rig *rig = arg;

    return !rig->to_go && !evict_is_busy(rig->evict);
}

void rig_page_out(struct rig *rig, uint64_t nr)
{
    rig_start_page_out(rig, nr);
    loop_until(rig->base, nothing_to_go, rig);
    loop_settle(rig->base);
}

void rig_page_out_all(struct rig *rig)
{
    rig_page_out(rig, RIG_GFNS - 1 - pages_nr_paged(rig->pages));
}

bool rig_passes_over_gfn_1(struct rig *rig)
{
    rig_page_out(rig, 2);
    return pages_state(rig->pages, 0) == PAGE_PAGED &&
           pages_state(rig->pages, 1) == PAGE_RESIDENT && pages_state(rig->pages, 2) == PAGE_PAGED;
}

static bool no_batch(void *arg)
{
    return !evict_is_busy(((struct rig *)arg)->evict);
}

void rig_finish_batch(struct rig *rig)
{
    loop_until(rig->base, no_batch, rig);
    loop_settle(rig->base);
}

static bool nobody_waits(void *arg)
{
    (void)arg;
    return !guest_nr_waiting() && !fake_xen_nr_unanswered();
}

void rig_serve_guest(struct rig *rig)
{
    loop_until(rig->base, nobody_waits, rig);
    loop_settle(rig->base);
}

static bool is_drained(void *arg)
{
    return ((struct rig *)arg)->drained > 0;
}

void rig_drain(struct rig *rig)
{
    rig->balanced = true;
    rig->drained = 0;
    balance_drain(rig->balance);
    loop_until(rig->base, is_drained, rig);
    loop_settle(rig->base);
}

void rig_assert_at_peace(struct rig *rig)
{
    uint32_t nr_paged = 0;

    fake_xen_assert_at_peace();
    for (uint32_t gfn = 0; gfn < pages_nr_gfns(rig->pages); gfn++) {
        enum page_state state = pages_state(rig->pages, gfn);

        assert_true(state == PAGE_RESIDENT || state == PAGE_PAGED);
        nr_paged += state == PAGE_PAGED;
        assert_int_equal(fake_xen_type(gfn) == TYPE_PAGED, state == PAGE_PAGED);
    }
    assert_int_equal(pages_nr_paged(rig->pages), nr_paged);
    assert_false(evict_is_busy(rig->evict));
}
