/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses of the guest, and of others in the host. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <string.h>

#include "page.h"

static void rewrite(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    entry->version = ++machine.last_version;
    fill_page(frame_page(entry->p2m.frame), gfn, entry->version);
}

/* Without RAM, it is as if there were a device. */
void access_page(uint32_t gfn, bool write)
{
    if (!gfn_has_frame(gfn))
        return;
    check_contents(gfn);
    if (write)
        rewrite(gfn);
}

void guest_clear(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    assert_int_equal(entry->p2m.type, TYPE_RAM_RW);
    entry->version = 0;
    memset(frame_page(entry->p2m.frame), 0, PAGE_BYTES);
}

int guest_try_to_give_up(uint32_t gfn)
{
    int rc = p2m_remove(gfn);

    vcpus_run();
    return rc;
}

void guest_give_up(uint32_t gfn)
{
    assert_int_equal(guest_try_to_give_up(gfn), 0);
}

void guest_take(uint32_t gfn)
{
    assert_int_equal(fake_xen_type(gfn), TYPE_INVALID);
    assert_int_equal(p2m_add_frame(gfn), 0);
    vcpus_run();
}

static int map(uint32_t gfn, bool write)
{
    struct entry *entry = &machine.entries[gfn];
    bool asks;
    int rc = rule_map(machine_xen(), &entry->p2m, write, &asks);

    if (asks)
        p2m_populate(gfn, NO_VCPU);
    if (rc)
        return rc;
    check_contents(gfn);
    assert_true(!entry->maps || entry->mapped == entry->p2m.frame);
    entry->mapped = entry->p2m.frame;
    entry->maps++;
    frame_pin(entry->mapped);
    return 0;
}

int foreign_map_to_read(uint32_t gfn)
{
    return map(gfn, false);
}

int foreign_map(uint32_t gfn)
{
    return map(gfn, true);
}

void foreign_write(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    assert_true(entry->maps > 0 && entry->mapped == entry->p2m.frame);
    rewrite(gfn);
}

void foreign_unmap(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    assert_true(entry->maps > 0);
    entry->maps--;
    if (frame_unpin(entry->mapped))
        fake_xen_kick();
}

int foreign_copy(uint32_t gfn)
{
    bool asks;
    int rc = rule_copy(machine_xen(), &machine.entries[gfn].p2m, &asks);

    if (asks)
        p2m_populate(gfn, NO_VCPU);
    if (!rc)
        check_contents(gfn);
    return rc;
}
