/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's vCPUs, each with at most one access that it has not got done yet. */
#include "test.h"

#include "fake_xen_inside.h"

#include <string.h>

struct vcpu {
    unsigned int pause_count; /* vm_event_pause_count */
    bool blocked;             /* the ring was rather full when it put something in */
    bool in_populate;         /* waits for a slot of the ring */
    bool wants;               /* has an access to do */
    bool write, emulated;
    uint32_t gfn;
};

static struct vcpu vcpus[FAKE_VCPUS];

void vcpus_reset(void)
{
    memset(vcpus, 0, sizeof(vcpus));
}

void vcpu_want(uint32_t vcpu, uint32_t gfn)
{
    assert_false(vcpus[vcpu].wants);
    vcpus[vcpu].wants = true;
    vcpus[vcpu].gfn = gfn;
}

void vcpu_pause(uint32_t vcpu)
{
    vcpus[vcpu].pause_count++;
}

void vcpu_unpause(uint32_t vcpu)
{
    if (!vcpus[vcpu].pause_count)
        complain("vCPU %u: too many unpause attempts", vcpu);
    else
        vcpus[vcpu].pause_count--;
}

bool vcpu_is_paused(uint32_t vcpu)
{
    return vcpus[vcpu].pause_count > 0;
}

void vcpu_block(uint32_t vcpu)
{
    vcpus[vcpu].blocked = true;
}

void vcpus_unblock(void)
{
    for (int i = 0; i < FAKE_VCPUS; i++)
        vcpus[i].blocked = false;
}

void vcpus_release(void)
{
    for (int i = 0; i < FAKE_VCPUS; i++)
        vcpus[i].pause_count = 0;
}

/* Asks for the page. Returns false if there was no slot for that before, and is none now. */
static bool ask(struct vcpu *vcpu)
{
    bool waited = vcpu->in_populate;

    vcpu->in_populate = !p2m_populate(vcpu->gfn, (uint32_t)(vcpu - vcpus));
    return !waited || !vcpu->in_populate;
}

/* One try at the access. Returns false if nothing has come of it. */
static bool try_access(struct vcpu *vcpu)
{
    if (vcpu->in_populate)
        return ask(vcpu);
    switch (rule_access(machine_xen(), &machine.entries[vcpu->gfn].p2m,
                        vcpu->emulated ? BY_XEN : BY_VCPU)) {
    case ACCESS_GOES_ON:
        access_page(vcpu->gfn, vcpu->write);
        vcpu->wants = false;
        return true;
    case ACCESS_ASKS:
        return ask(vcpu);
    default:
        return false;
    }
}

void vcpus_run(void)
{
    bool progress = !fake_xen_is_paused();

    while (progress) {
        progress = false;
        for (int i = 0; i < FAKE_VCPUS; i++)
            if (vcpus[i].wants && !vcpus[i].pause_count && !vcpus[i].blocked)
                progress |= try_access(&vcpus[i]);
    }
}

static bool start_access(unsigned int i, uint32_t gfn, bool write, bool emulated)
{
    assert_false(vcpus[i].wants);
    vcpus[i] = (struct vcpu){
        .pause_count = vcpus[i].pause_count,
        .blocked = vcpus[i].blocked,
        .wants = true,
        .write = write,
        .emulated = emulated,
        .gfn = gfn,
    };
    vcpus_run();
    return !vcpus[i].wants;
}

bool guest_read(unsigned int vcpu, uint32_t gfn)
{
    return start_access(vcpu, gfn, false, false);
}

bool guest_write(unsigned int vcpu, uint32_t gfn)
{
    return start_access(vcpu, gfn, true, false);
}

bool guest_read_emulated(unsigned int vcpu, uint32_t gfn)
{
    return start_access(vcpu, gfn, false, true);
}

bool guest_is_waiting(unsigned int vcpu)
{
    return vcpus[vcpu].wants;
}

unsigned int guest_nr_waiting(void)
{
    unsigned int nr = 0;

    for (int i = 0; i < FAKE_VCPUS; i++)
        nr += vcpus[i].wants;
    return nr;
}
