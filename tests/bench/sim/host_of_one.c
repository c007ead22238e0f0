/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench_sim.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dom0.h"
#include "shared_file.h"

#define PATIENCE_US 300e6
#define LOOK_US 50
#define SPARE_PAGES 4096 /* of the host: pagers keep away from its last ones */
#define ABOVE_ALL 1024   /* added to all that a guest has, so that no page stays out */

static void die(const char *what)
{
    errx(1, "%s%s%s", what, host.complaint[0] ? ": " : "", host.complaint);
}

static void await(bool (*is)(const struct bench *b, uint64_t pages), const struct bench *b,
                  uint64_t pages, const char *what)
{
    double end = now_us() + PATIENCE_US;

    while (!is(b, pages)) {
        if (host.complaint[0] || now_us() > end)
            die(what);
        usleep(LOOK_US);
    }
}

/* The rest of its address space is a hole. */
static void extend(struct domain *d, uint64_t nr_gfns)
{
    __typeof__(d->p2m) p2m = reallocarray(d->p2m, nr_gfns, sizeof(*p2m));

    if (!p2m)
        err(1, "reallocarray");
    d->p2m = p2m;
    for (uint64_t gfn = d->nr_gfns; gfn < nr_gfns; gfn++)
        p2m[gfn] = p2m[d->nr_gfns - 1];
    d->nr_gfns = nr_gfns;
}

static void load(struct bench *b)
{
    for (unsigned int gfn = 0; gfn < b->pages->nr; gfn++)
        vcpu_access(&b->domain->vcpus[0], ACCESS_WRITE, BY_VCPU, gfn, 0, page_at(b->pages, gfn),
                    PAGE_BYTES);
}

static bool pager_serves(const struct bench *b, uint64_t unused)
{
    (void)unused;
    return b->old_pager ? b->domain->ring.enabled
                        : dom0_node_is("running", "/libxl/%u/paging/state", b->domain->id);
}

static void start_pager(struct bench *b, const char *dir, const char *where)
{
    char id[16], store[512], index[512];
    char *const ours[] = {getenv("SIM_PAGER"),
                          "--no-supervisor",
                          "--quiet",
                          "--target-min=0",
                          store,
                          index,
                          id,
                          NULL};
    char *const old[] = {(char *)(uintptr_t)b->old_pager, "-d", id, "-f",
                         (char *)(uintptr_t)where,        NULL};

    snprintf(id, sizeof(id), "%u", b->domain->id);
    snprintf(store, sizeof(store), "--store=%s", where);
    /* Of a device's pages, or of a server's. */
    snprintf(index, sizeof(index), "--directory=%s/index", dir);
    b->start_us = now_us();
    b->pager = dom0_start_pager(b->domain->id, b->old_pager ? old : ours);
    await(pager_serves, b, 0, "the pager does not start");
    b->start_us = now_us() - b->start_us;
    if (!b->old_pager && !b->own->all_waited_ns)
        die("nobody takes the pager's own time");
}

void bench_start(struct bench *b, const char *dir, bool patched, const char *where,
                 uint64_t nr_gfns)
{
    host_create(patched, 1, b->pages->nr + SPARE_PAGES);
    host.is_quiet = true;
    b->own = shared_file_create(dir, "SIM_OWN_TIME", sizeof(*b->own));
    dom0_start(dir);
    host_lock();
    b->domain = domain_create(b->pages->nr, 1);
    if (nr_gfns > b->domain->nr_gfns)
        extend(b->domain, nr_gfns);
    host_unlock();
    load(b);
    dom0_introduce(b->domain->id);
    start_pager(b, dir, where);
}

void bench_take_over(struct bench *b, const char *dir, const char *where)
{
    kill(b->pager, SIGKILL);
    if (dom0_await_exit(b->pager, (unsigned int)(PATIENCE_US / 1000)) < 0)
        die("the pager cannot be killed");
    dom0_remove("/libxl/%u/paging/state", b->domain->id);
    start_pager(b, dir, where);
}

void bench_end(struct bench *b)
{
    kill(b->pager, SIGTERM);
    if (dom0_await_exit(b->pager, (unsigned int)(PATIENCE_US / 1000)) || b->domain->paged_pages)
        die("the pager does not end well");
}

double bench_pager_us(const struct bench *b)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(b->pager, &clock) || clock_gettime(clock, &t))
        die("the pager's processor time");
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

bool bench_is_squeezed(const struct bench *b, uint64_t pages)
{
    return *(volatile uint64_t *)&b->domain->tot_pages <= pages;
}

static bool is_refilled(const struct bench *b, uint64_t slack)
{
    return *(volatile uint64_t *)&b->domain->paged_pages <= slack;
}

void bench_begin_squeeze(struct bench *b, uint64_t pages)
{
    dom0_set_target(b->domain->id, pages);
}

void bench_squeeze(struct bench *b, uint64_t pages)
{
    bench_begin_squeeze(b, pages);
    await(bench_is_squeezed, b, pages, "the target is not reached");
}

void bench_refill(struct bench *b, uint64_t slack)
{
    dom0_set_target(b->domain->id, b->domain->max_pages + ABOVE_ALL);
    await(is_refilled, b, slack, "the pages do not come back");
}

static void ask(struct own_time *own)
{
    *own = (struct own_time){.begun_ns = own_time_ns(), .all_waited_ns = own->all_waited_ns};
    __atomic_store_n(&own->asked_ns, own->begun_ns, __ATOMIC_SEQ_CST);
}

double bench_touch(struct bench *b, double *own_us)
{
    struct vcpu *v = &b->domain->vcpus[0];
    uint32_t gfn = draw(&v->random, b->pages->nr);
    uint64_t before = b->domain->page_ins;
    char page[PAGE_BYTES];
    double start = now_us(), us;

    ask(b->own);
    vcpu_access(v, ACCESS_READ, BY_VCPU, gfn, 0, page, PAGE_BYTES);
    us = now_us() - start;
    __atomic_store_n(&b->own->asked_ns, 0, __ATOMIC_SEQ_CST);
    if (memcmp(page, page_at(b->pages, gfn), PAGE_BYTES))
        errx(1, "page %u is not what it was", gfn);
    if (b->domain->page_ins == before || (!b->old_pager && !b->own->answered_ns))
        return -1;
    *own_us = (double)(int64_t)(b->own->answered_ns - b->own->begun_ns - b->own->waited_ns) / 1e3;
    return us;
}
