/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses of the guest, and of others in the host. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <string.h>

#include "page.h"

bool p2m_access(uint32_t gfn, bool write)
{
    struct entry *entry = &machine.entries[gfn];

    if (entry->type == TYPE_INVALID)
        return true; /* as if there were a device */
    if (entry->type != TYPE_RAM_RW)
        return false;
    check_contents(gfn);
    if (write) {
        entry->version = ++machine.last_version;
        fill_page(frame_page(entry->frame), gfn, entry->version);
    }
    return true;
}

void guest_clear(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    assert_int_equal(entry->type, TYPE_RAM_RW);
    entry->version = 0;
    memset(frame_page(entry->frame), 0, PAGE_BYTES);
}

void guest_give_up(uint32_t gfn)
{
    assert_int_equal(p2m_remove(gfn), 0);
    vcpus_run();
}

void guest_take(uint32_t gfn)
{
    assert_int_equal(fake_xen_type(gfn), TYPE_INVALID);
    assert_int_equal(p2m_add_frame(gfn), 0);
    vcpus_run();
}

/* mod_l1_entry(): a nominated page is mapped as if it were not. */
int foreign_map_to_read(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    if (entry->type == TYPE_PAGED) {
        p2m_populate(gfn, NO_VCPU);
        return -ENOENT;
    }
    if (entry->frame == NO_FRAME)
        return entry->type == TYPE_PAGING_IN ? -ENOENT : -EINVAL;
    check_contents(gfn);
    assert_true(!entry->pins || entry->pinned == entry->frame);
    entry->pinned = entry->frame;
    entry->pins++;
    machine.refs[entry->pinned]++;
    return 0;
}

int foreign_map(uint32_t gfn)
{
    if (fake_xen_is_patched())
        p2m_cancel(gfn);
    return foreign_map_to_read(gfn);
}

void foreign_write(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    assert_true(entry->pins > 0 && entry->pinned == entry->frame);
    entry->version = ++machine.last_version;
    fill_page(frame_page(entry->frame), gfn, entry->version);
}

void foreign_unmap(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];
    bool rings = entry->rings;

    assert_true(entry->pins > 0);
    frame_put(entry->pinned);
    if (--entry->pins)
        return;
    entry->rings = false;
    if (rings)
        fake_xen_kick();
}

/* check_get_page_from_gfn() */
int foreign_copy(uint32_t gfn)
{
    struct entry *entry = &machine.entries[gfn];

    if (entry->type == TYPE_INVALID)
        return -EINVAL;
    if (entry->type != TYPE_RAM_RW) {
        p2m_populate(gfn, NO_VCPU);
        return -EAGAIN;
    }
    check_contents(gfn);
    return 0;
}
