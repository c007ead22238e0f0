/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages go out and in all the time while the guest only reads: once each of them has been written
 * to the store, that does not change any more. Then the guest writes, too, and what it writes goes
 * there. A store that lets itself be looked at is needed: no tmpfs.
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "dom0.h"
#include "guest.h"
#include "peace.h"
#include "story.h"

#define PATIENCE_MS 60000
#define FEW 32       /* pages that stay in memory at first */
#define NR_OUTS 2500 /* while the guest only reads */
#define NR_DIRTY_OUTS 500

static struct {
    struct guest guest;
    pid_t pager;
    char store[300];
    uint64_t goal;
} s = {.guest = {.nr_ram = 640, .region = 512, .mapped = 1}};

static struct stat look_at_store(void)
{
    struct stat st;

    if (stat(s.store, &st))
        err(1, "%s", s.store);
    return st;
}

static bool is_written_since(const struct stat *before)
{
    struct stat now = look_at_store();

    return now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != before->st_mtim.tv_nsec || now.st_size != before->st_size;
}

static bool is_out(void *arg)
{
    (void)arg;
    return s.guest.domain->tot_pages <= FEW;
}

static bool so_many_went_out(void *arg)
{
    (void)arg;
    return s.guest.domain->page_outs >= s.goal;
}

static void expect(bool (*is)(void *arg), const char *what)
{
    if (!wait_until(is, NULL, PATIENCE_MS))
        complain("%s", what);
}

static uint64_t run_until_out(uint64_t nr)
{
    s.goal = s.guest.domain->page_outs + nr;
    expect(so_many_went_out, "no pages go out and in");
    return s.guest.domain->page_outs;
}

static void begin(const char *dir, bool patched, const char *option)
{
    host_create(patched, 1, (uint32_t)s.guest.nr_ram + 64);
    dom0_start(dir);
    guest_create(&s.guest, 2);
    dom0_introduce(s.guest.domain->id);
    dom0_write("64", "/libxl/%u/paging/target-min", s.guest.domain->id);
    s.pager = dom0_start_xenpaging2(s.guest.domain->id, "clock", option);
    snprintf(s.store, sizeof(s.store), "%s/store-%u", dir, s.guest.domain->id);
    dom0_set_target(s.guest.domain->id, FEW);
    expect(is_out, "the pages do not go out");
}

static void only_read(void)
{
    struct stat before = look_at_store();

    dom0_set_target(s.guest.domain->id, s.guest.region / 2);
    guest_start(&s.guest);
    run_until_out(NR_OUTS);
    if (is_written_since(&before))
        complain("pages that have not changed are written");
}

static void write_too(void)
{
    struct stat before = look_at_store();

    s.guest.writes = 20;
    run_until_out(NR_DIRTY_OUTS);
    if (!is_written_since(&before))
        complain("pages that have changed are not written");
}

static void end(void)
{
    uint64_t outs, clean;

    kill(s.pager, SIGTERM);
    if (dom0_await_exit(s.pager, PATIENCE_MS))
        complain("the pager does not end well");
    outs = dom0_number("/libxl/%u/paging/status/page-outs", s.guest.domain->id);
    clean = dom0_number("/libxl/%u/paging/status/page-outs-clean", s.guest.domain->id);
    if (clean < NR_OUTS || clean >= outs)
        complain("the pager says %lu out, %lu of them clean", (unsigned long)outs,
                 (unsigned long)clean);
    if (!guest_stop(&s.guest, PATIENCE_MS))
        complain("a vCPU stands still");
    guest_verify(&s.guest);
    peace_expect(&s.guest, 1, PATIENCE_MS);
    printf("of %lu pages that went out %lu were in the store already\n", (unsigned long)outs,
           (unsigned long)clean);
}

int story_clean_pages(const char *dir, bool patched, const char *option)
{
    begin(dir, patched, option);
    only_read();
    write_too();
    end();
    if (host.complaint[0])
        fprintf(stderr, "%s\n", host.complaint);
    return host.complaint[0] != 0;
}
