/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a guest when its store goes wrong, fault by fault: while it is wrong, and after
 * somebody has mended it. Only what is seen is said here; docs/store-faults.md says what has to be,
 * and tests/sim/store-faults compares the two.
 */
#include "store_faults.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "dom0.h"
#include "peace.h"
#include "story.h"

/* Who has not moved that long waits. A pager needs 4 s to give a read up. */
#define STANDS_STILL_MS 1000
#define LOOK_US 1000
#define RUN_ON_VISITS 400 /* by each vCPU: it comes to pages that are out */
#define TARGET 220u

/* --- What is seen. --- */

static bool is_paused(void)
{
    const struct domain *d = scene.guest.domain;

    return d->pauses && dom0_node_is("failed", "/libxl/%u/paging/state", d->id);
}

/* Until it is paused, has run on for a while, or has stood still for so long. */
static const char *watch_guest(unsigned int patience_ms)
{
    uint64_t visits = guest_visits(&scene.guest), goal = visits + RUN_ON_VISITS, since = now_ms();

    while (!is_paused() && !host.complaint[0]) {
        if (guest_visits(&scene.guest) >= goal)
            return "runs on";
        if (guest_visits(&scene.guest) != visits)
            since = now_ms();
        visits = guest_visits(&scene.guest);
        if (now_ms() - since > patience_ms)
            return "waits";
        usleep(LOOK_US);
    }
    return "is paused";
}

static bool state_is_running(void *arg)
{
    (void)arg;
    return dom0_node_is("running", "/libxl/%u/paging/state", scene.guest.domain->id);
}

static bool target_is_reached(void *arg)
{
    (void)arg;
    return scene.guest.domain->tot_pages <= TARGET;
}

static void pause_guest(void)
{
    host_lock();
    domain_pause(scene.guest.domain);
    host_unlock();
}

/* As the administrator does, once he sees that all is well. */
static bool unpause_guest(void)
{
    bool was_paused;

    host_lock();
    was_paused = scene.guest.domain->pauses;
    if (was_paused)
        domain_unpause(scene.guest.domain);
    host_unlock();
    return was_paused;
}

/* One that works is above it now and then. */
static bool is_at_target_when_paused(void)
{
    pause_guest();
    return wait_until(target_is_reached, NULL, PATIENCE_MS);
}

static const char *watch_mended(void)
{
    static char text[64];
    const char *what;
    bool unpaused;

    if (!wait_until(state_is_running, NULL, PATIENCE_MS))
        return "the state stays what it was";
    unpaused = unpause_guest();
    what = watch_guest(PATIENCE_MS);
    if (!is_at_target_when_paused())
        return "the target is not kept";
    unpause_guest();
    snprintf(text, sizeof(text), "%s%s", what, unpaused ? " after `xl unpause`" : "");
    return text;
}

/* --- The story. --- */

static void start_all(void)
{
    uint32_t domid;

    host_create(true, 1, NR_RAM + 128);
    dom0_start(scene.dir);
    guest_create(&scene.guest, 2);
    domid = scene.guest.domain->id;
    dom0_introduce(domid);
    dom0_write("256", "/libxl/%u/paging/target-min", domid);
    dom0_set_target(domid, TARGET);
    guest_start(&scene.guest);
    scene_start_pager();
}

static bool pages_come_back(void *arg)
{
    (void)arg;
    return scene.guest.domain->page_ins > 0;
}

/* While the guest rests, so that a part of it is out for sure. */
static void begin(void)
{
    if (!scene.fault->begin)
        return;
    if (!wait_until(pages_come_back, NULL, PATIENCE_MS) || !is_at_target_when_paused())
        complain("nothing goes out and comes back");
    scene.fault->begin();
    unpause_guest();
}

static void drain(void)
{
    kill(scene.pager, SIGTERM);
    if (dom0_await_exit(scene.pager, PATIENCE_MS))
        complain("the pager does not end with 0");
    if (guest_stop(&scene.guest, PATIENCE_MS))
        guest_verify(&scene.guest);
    else
        complain("a vCPU stands still");
    peace_expect(&scene.guest, 1, PATIENCE_MS);
}

/* Its pager, if there is one, has nothing more to do. */
static void destroy(void)
{
    host_lock();
    domain_kill(scene.guest.domain);
    host_unlock();
    dom0_release(scene.guest.domain->id);
    if (scene.pager && dom0_await_exit(scene.pager, PATIENCE_MS))
        complain("the pager does not end with 0");
}

int story_store_fault(const char *dir, const char *name)
{
    unsigned int patience_ms;

    scene.dir = dir;
    scene.fault = fault_find(name);
    fault_prepare_store();
    start_all();
    begin();
    patience_ms = scene.pager && !scene.fault->is_short ? PATIENCE_MS : STANDS_STILL_MS;
    printf("guest: %s\n", watch_guest(patience_ms));
    if (scene.fault->mend) {
        scene.fault->mend();
        printf("mended: %s\n", watch_mended());
        drain();
    } else {
        printf("mended: cannot be\n");
        destroy();
    }
    if (host.complaint[0])
        fprintf(stderr, "%s: %s\n", name, host.complaint);
    return host.complaint[0] != 0;
}
