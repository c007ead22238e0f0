/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen's own pager. Debian's has to bring the guest to a stand at its first page-in, as it does on a
 * real Xen (scenario old-pager-hangs of the lab), which ignores responses without a version; the
 * repaired one has to work.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "dom0.h"
#include "guest.h"
#include "story.h"

#define PATIENCE_MS 60000
#define STANDSTILL_MS 1000
#define SLACK 64

static struct guest guest = {.nr_ram = 4096, .region = 3072, .writes = 20};

static bool paging_is_enabled(void *arg)
{
    (void)arg;
    return guest.domain->ring.enabled &&
           p2m_entry(guest.domain, guest.domain->ring_gfn)->frame == NO_FRAME;
}

static bool is_at_target(void *arg)
{
    return guest.domain->tot_pages <= *(uint64_t *)arg + SLACK;
}

static bool has_done_rounds(void *arg)
{
    return guest_rounds(&guest) >= *(uint64_t *)arg;
}

static bool responses_are_ignored(void *arg)
{
    (void)arg;
    return guest.domain->ring.nr_ignored > 0;
}

static bool all_vcpus_stand_still(void *arg)
{
    bool all = true;

    (void)arg;
    host_lock();
    for (unsigned int i = 0; i < guest.domain->nr_vcpus; i++)
        all &= vcpu_is_stopped(&guest.domain->vcpus[i]);
    host_unlock();
    return all;
}

static pid_t begin(const char *dir, const char *program, uint64_t target)
{
    char id[16], store[256];
    char *const args[] = {(char *)(uintptr_t)program, "-d", id, "-f", store, NULL};
    pid_t pid;

    host_create(false, 1, (uint32_t)guest.nr_ram + 256);
    dom0_start(dir);
    guest_create(&guest, 1);
    dom0_introduce(guest.domain->id);
    snprintf(id, sizeof(id), "%u", guest.domain->id);
    snprintf(store, sizeof(store), "%s/store", dir);
    pid = dom0_start_pager(guest.domain->id, args);
    if (!wait_until(paging_is_enabled, NULL, PATIENCE_MS))
        complain("%s does not start", program);
    guest_start(&guest);
    dom0_set_target(guest.domain->id, target);
    return pid;
}

static int end(void)
{
    if (host.complaint[0])
        fprintf(stderr, "%s\n", host.complaint);
    return host.complaint[0] != 0;
}

int story_old_pager_hangs(const char *dir, const char *program)
{
    uint64_t before;

    begin(dir, program, guest.nr_ram / 2);
    if (!wait_until(responses_are_ignored, NULL, PATIENCE_MS))
        complain("all responses have their version");
    if (!wait_until(all_vcpus_stand_still, NULL, PATIENCE_MS))
        complain("the guest runs on");
    before = guest_rounds(&guest) + 1;
    if (wait_until(has_done_rounds, &before, STANDSTILL_MS))
        complain("the guest runs again");
    return end();
}

int story_old_pager_works(const char *dir, const char *program)
{
    uint64_t target = guest.nr_ram / 2, rounds;
    pid_t pid = begin(dir, program, target);

    if (!wait_until(is_at_target, &target, PATIENCE_MS))
        complain("the target is not reached");
    rounds = guest_rounds(&guest) + 2;
    if (!wait_until(has_done_rounds, &rounds, PATIENCE_MS))
        complain("the guest does not run on");
    kill(pid, SIGTERM);
    if (dom0_await_exit(pid, PATIENCE_MS))
        complain("the pager does not end well");
    if (!guest_stop(&guest, PATIENCE_MS))
        complain("a vCPU stands still");
    guest_verify(&guest);
    return end();
}
