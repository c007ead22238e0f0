/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "capture.h"
#include "failing.h"
#include "index.h"
#include "page.h"
#include "store_seal.h"

#define STORE_ID 4711

static struct rig *last; /* that was created, or was about to be */

static void nomination_lost(void *arg, uint32_t gfn)
{
    evict_nomination_lost(((struct rig *)arg)->evict, gfn);
}

static void fault(void *arg, uint32_t gfn)
{
    readahead_fault(((struct rig *)arg)->readahead, gfn);
}

static bool may_fetch(void *arg)
{
    return balance_may_fetch(((struct rig *)arg)->balance);
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
    rig->waits_when_loaded = guest_is_waiting(0);
    evict_note_page_in(rig->evict);
    balance_loaded(rig->balance);
    if (!pager_is_awaited(rig->pager))
        evict_go_on(rig->evict);
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

static bool page_ins_wait(void *arg)
{
    return pager_is_awaited(((struct rig *)arg)->pager);
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

static void all_can_load(void *arg)
{
    ((struct rig *)arg)->all_can_load++;
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
        .fault = fault,
        .short_of_memory = short_of_memory,
        .loaded = page_loaded,
        .fetched = page_fetched,
        .cannot_load = cannot_load,
        .all_can_load = all_can_load,
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
        .page_ins_wait = page_ins_wait,
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

static void create_readahead(struct rig *rig)
{
    const struct readahead_env env = {
        .base = rig->base,
        .pages = rig->pages,
        .pager = rig->pager,
        .stats = &rig->stats,
        .arg = rig,
        .may_fetch = may_fetch,
    };

    rig->readahead = readahead_create(&env);
    assert_non_null(rig->readahead);
}

static void attach(struct rig *rig, bool take_over)
{
    char message[256] = "";

    if ((take_over ? mem_event_ring_take_over : mem_event_ring_attach)(
            rig->base, rig->ops, pager_handle, rig->pager, &rig->ring, message, sizeof(message)))
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

static void open_store(struct rig *rig, uint64_t id)
{
    struct store_options options = *store_options;
    char message[256] = "";

    fake_engine.in_use = true;
    options.id = id;
    options.key_id = id && options.secret ? options.secret->id : 0;
    if (store_open(rig->base, &options, &rig->store, message, sizeof(message)))
        fail_msg("%s", message);
}

/* As startup.c does it. */
static void open_index(struct rig *rig, const char *path, bool take_over)
{
    struct index_owner owner = {.domid = FAKE_DOMID, .store_id = STORE_ID};
    char message[256] = "";
    int rc = take_over ? index_open(path, &owner, &rig->index, message, sizeof(message))
                       : index_create(path, &owner, &rig->index, message, sizeof(message));

    if (rc)
        fail_msg("%s", message);
    xen_keep_account(rig->ops, &index_live(rig->index)->nr_pauses);
    assert_int_equal(store_use_index(rig->store, rig->index), 0);
}

static struct adopt_env adopt_env(const struct rig *rig)
{
    return (struct adopt_env){
        .ops = rig->ops, .pages = rig->pages, .store = rig->store, .ring = rig->ring};
}

static void adopt(struct rig *rig)
{
    const struct adopt_env env = adopt_env(rig);
    char message[256] = "";

    if (adopt_pages(&env, message, sizeof(message)))
        fail_msg("%s", message);
}

static void check_entries(struct rig *rig)
{
    const struct adopt_env env = adopt_env(rig);
    char message[256] = "";

    if (adopt_check(&env, message, sizeof(message)))
        fail_msg("%s", message);
}

static void wire(struct rig *rig, uint32_t nr_gfns, const char *policy, bool take_over)
{
    rig->pages = pages_create(nr_gfns, rig->index);
    rig->policy = policy_create(policy, nr_gfns);
    assert_true(rig->pages && rig->policy);
    create_pager(rig);
    create_evict(rig);
    create_balance(rig);
    create_readahead(rig);
    if (take_over)
        check_entries(rig);
    attach(rig, take_over);
    if (take_over)
        adopt(rig);
    assert_int_equal(xen_undo_pauses(rig->ops), 0);
}

static struct rig *create(uint32_t nr_gfns, const char *policy, const char *index, bool take_over)
{
    struct rig *rig = unfailing_calloc(1, sizeof(*rig));
    char message[256] = "";

    last = rig;
    rig->base = loop_create();
    if (xen_ops_open(FAKE_DOMID, &rig->ops, message, sizeof(message)))
        fail_msg("%s", message);
    open_store(rig, take_over ? STORE_ID : 0);
    if (index)
        open_index(rig, index, take_over);
    wire(rig, nr_gfns, policy, take_over);
    return rig;
}

static void create_world(uint32_t nr_gfns)
{
    be_quiet(true);
    fake_time_begin();
    fake_xen_create(nr_gfns);
    fake_engine_reset();
}

struct rig *rig_create(uint32_t nr_gfns, const char *policy)
{
    create_world(nr_gfns);
    return create(nr_gfns, policy, NULL, false);
}

struct rig *rig_create_with_index(uint32_t nr_gfns, const char *policy, const char *path)
{
    create_world(nr_gfns);
    fake_engine.id = STORE_ID;
    return create(nr_gfns, policy, path, false);
}

void rig_bury(enum fake_engine_death death)
{
    fake_engine_dies(death);
    fake_xen_pager_dies();
    index_close(last->index);
}

struct rig *rig_take_over(uint32_t nr_gfns, const char *policy, const char *path)
{
    return create(nr_gfns, policy, path, true);
}

void rig_destroy(struct rig *rig)
{
    mem_event_ring_detach(rig->ring);
    store_close(rig->store);
    readahead_destroy(rig->readahead);
    balance_destroy(rig->balance);
    evict_destroy(rig->evict);
    pager_destroy(rig->pager);
    policy_destroy(rig->policy);
    pages_destroy(rig->pages);
    xen_ops_close(rig->ops);
    index_close(rig->index);
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
    assert_int_equal(store_bytes(rig->store), pages_nr_kept(rig->pages) * PAGE_BYTES);
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
