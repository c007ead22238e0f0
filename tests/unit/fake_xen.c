/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's memory: frames, the p2m, and what can be asked of it. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "failing.h"
#include "page.h"
#include "xen_paging_batch.h"

#define NO_FRAME UINT32_MAX
#define SPARE_FRAMES 64
#define MAX_MAPS 80
#define SCRUBBED 0xc2

struct entry {
    enum fake_type type;
    uint32_t frame;
    uint32_t version; /* of the contents; 0: zeros */
    uint32_t pins;    /* foreign_map() */
    uint32_t pinned;  /* the frame they are on */
    bool rings;       /* when the last one goes */
};

static struct {
    uint32_t nr_gfns, nr_frames;
    struct entry *entries;
    uint32_t *refs; /* of each frame; the guest's own is one of them */
    int fd;
    char *frames;
    uint64_t resident;
    long paged;
    uint32_t last_version;
    struct {
        char *at;
        uint32_t frame;
    } mapped[MAX_MAPS];
    unsigned int nr_mapped;
    char complaint[256];
    struct {
        unsigned int nr, to_fail;
        int error;
    } calls[NR_CALLS];
} xen;

struct fake_xen fake_xen;

static uint32_t features_of_next;

void fake_xen_patch(bool patched)
{
    features_of_next = patched ? XENMEM_paging_feature_batch | XENMEM_paging_feature_pins |
                                     XENMEM_paging_feature_doorbell
                               : 0;
}

bool has_feature(uint32_t feature)
{
    return (fake_xen.features & feature) != 0;
}

bool fake_xen_is_patched(void)
{
    return has_feature(XENMEM_paging_feature_pins);
}

void complain(const char *fmt, ...)
{
    va_list args;

    if (xen.complaint[0])
        return;
    va_start(args, fmt);
    vsnprintf(xen.complaint, sizeof(xen.complaint), fmt, args);
    va_end(args);
}

void fake_xen_assert_no_complaint(void)
{
    if (xen.complaint[0])
        fail_msg("%s", xen.complaint);
}

/* --- Contents. --- */

static char *frame_page(uint32_t frame)
{
    return xen.frames + (size_t)frame * PAGE_BYTES;
}

/* Much of what these tests do, and nothing that threads share. */
__attribute__((no_sanitize("thread"))) static void fill_page(void *page, uint32_t gfn,
                                                             uint32_t version)
{
    uint64_t *words = page, x = (uint64_t)version << 32 | gfn;

    if (!version) {
        memset(page, 0, PAGE_BYTES);
        return;
    }
    for (size_t i = 0; i < PAGE_BYTES / sizeof(*words); i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        words[i] = x;
    }
}

void fake_xen_expected(uint32_t gfn, void *page)
{
    fill_page(page, gfn, xen.entries[gfn].version);
}

static void check_contents(uint32_t gfn)
{
    char expected[PAGE_BYTES];

    fake_xen_expected(gfn, expected);
    if (memcmp(expected, frame_page(xen.entries[gfn].frame), PAGE_BYTES))
        complain("gfn %u has wrong contents", gfn);
}

/* --- Frames. --- */

static uint32_t new_frame(void)
{
    static uint32_t at;

    if (!fake_xen.free_host_pages)
        return NO_FRAME;
    for (uint32_t i = 0; i < xen.nr_frames; i++) {
        at = (at + 1) % xen.nr_frames;
        if (xen.refs[at])
            continue;
        xen.refs[at] = 1;
        xen.resident++;
        fake_xen.free_host_pages--;
        return at;
    }
    return NO_FRAME;
}

void frame_put(uint32_t frame)
{
    if (--xen.refs[frame])
        return;
    memset(frame_page(frame), SCRUBBED, PAGE_BYTES);
    xen.resident--;
    fake_xen.free_host_pages++;
}

static struct entry *entry_of(uint64_t gfn)
{
    static struct entry none;

    none = (struct entry){.type = TYPE_INVALID, .frame = NO_FRAME};
    return gfn < xen.nr_gfns ? &xen.entries[gfn] : &none;
}

void *frame_take(uint64_t gfn, uint32_t *frame)
{
    *frame = entry_of(gfn)->frame;
    if (*frame == NO_FRAME)
        return NULL;
    xen.refs[*frame]++;
    return frame_page(*frame);
}

bool p2m_has_frame(uint64_t gfn)
{
    return entry_of(gfn)->frame != NO_FRAME;
}

/* --- The paging operations, as in mem_paging.c. --- */

int p2m_nominate(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->frame == NO_FRAME || entry->type != TYPE_RAM_RW || xen.refs[entry->frame] != 1)
        return -EBUSY;
    entry->type = TYPE_PAGING_OUT;
    return 0;
}

int p2m_evict(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->frame == NO_FRAME || entry->type != TYPE_PAGING_OUT || xen.refs[entry->frame] != 1)
        return -EBUSY;
    frame_put(entry->frame);
    entry->frame = NO_FRAME;
    entry->type = TYPE_PAGED;
    xen.paged++;
    return 0;
}

static bool is_in_use(struct entry *entry)
{
    bool in_use = xen.refs[entry->frame] != 1;

    if (in_use && entry->pins)
        entry->rings = has_feature(XENMEM_paging_feature_doorbell);
    return in_use;
}

int p2m_nominate_and_copy(uint64_t gfn, void *copy)
{
    struct entry *entry = entry_of(gfn);

    if (entry->frame == NO_FRAME)
        return -ENOENT;
    if (entry->type != TYPE_RAM_RW)
        return -EINVAL;
    if (is_in_use(entry))
        return -EAGAIN;
    entry->type = TYPE_PAGING_OUT;
    if (copy)
        memcpy(copy, frame_page(entry->frame), PAGE_BYTES);
    return 0;
}

int p2m_evict_nominated(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->type != TYPE_PAGING_OUT)
        return -ENOENT;
    return is_in_use(entry) ? -EAGAIN : p2m_evict(gfn);
}

int p2m_cancel(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (entry->type != TYPE_PAGING_OUT)
        return -ENOENT;
    entry->type = TYPE_RAM_RW;
    return 0;
}

int p2m_query(uint64_t gfn)
{
    const struct entry *entry = entry_of(gfn);

    switch (entry->type) {
    case TYPE_RAM_RW:
        return XENMEM_paging_state_resident;
    case TYPE_PAGING_OUT:
        return XENMEM_paging_state_nominated;
    case TYPE_PAGED:
        return XENMEM_paging_state_paged;
    case TYPE_PAGING_IN:
        return entry->frame == NO_FRAME ? XENMEM_paging_state_wanted
                                        : XENMEM_paging_state_returning;
    default:
        return XENMEM_paging_state_none;
    }
}

int p2m_prepare(uint64_t gfn, const void *page)
{
    struct entry *entry = entry_of(gfn);

    if (entry->type != TYPE_PAGING_IN && entry->type != TYPE_PAGED)
        return -ENOENT;
    if (entry->frame == NO_FRAME) {
        if (!page)
            return -EINVAL;
        entry->frame = new_frame();
        if (entry->frame == NO_FRAME)
            return -ENOMEM;
        memcpy(frame_page(entry->frame), page, PAGE_BYTES);
        xen.paged--;
        check_contents((uint32_t)gfn);
    }
    entry->type = TYPE_RAM_RW;
    return 0;
}

bool p2m_populate(uint64_t gfn, uint32_t vcpu)
{
    struct entry *entry = entry_of(gfn);
    enum fake_type type = entry->type;
    vm_event_request_t request = {.reason = VM_EVENT_REASON_MEM_PAGING};

    if (!ring_has_slot())
        return vcpu == NO_VCPU; /* nobody in the host waits, and nobody is told */
    if (type == TYPE_PAGING_OUT || type == TYPE_PAGED)
        entry->type = TYPE_PAGING_IN;
    else if (type != TYPE_PAGING_IN || vcpu == NO_VCPU)
        return true; /* on its way back already */
    if (type == TYPE_PAGING_OUT)
        request.u.mem_paging.flags |= MEM_PAGING_EVICT_FAIL;
    if (vcpu != NO_VCPU) {
        vcpu_pause(vcpu);
        request.flags |= VM_EVENT_FLAG_VCPU_PAUSED;
    }
    request.u.mem_paging.gfn = gfn;
    request.u.mem_paging.p2mt = type;
    request.vcpu_id = vcpu == NO_VCPU ? 1 : vcpu; /* of the host's vCPU: it means nothing */
    ring_put_request(&request, vcpu);
    return true;
}

void guest_report_late(unsigned int vcpu, uint32_t gfn)
{
    vm_event_request_t request = {
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .flags = VM_EVENT_FLAG_VCPU_PAUSED,
        .vcpu_id = vcpu,
        .u.mem_paging = {.gfn = gfn, .p2mt = TYPE_PAGING_IN},
    };

    assert_true(ring_has_slot());
    vcpu_want(vcpu, gfn);
    vcpu_pause(vcpu);
    ring_put_request(&request, vcpu);
}

static void drop_page(uint64_t gfn, enum fake_type type)
{
    vm_event_request_t request = {.reason = VM_EVENT_REASON_MEM_PAGING};

    if (!ring_has_slot())
        return; /* in Xen, the vCPU waits for one */
    request.u.mem_paging.gfn = gfn;
    request.u.mem_paging.flags = MEM_PAGING_DROP_PAGE;
    if (type == TYPE_PAGING_OUT)
        request.u.mem_paging.flags |= MEM_PAGING_EVICT_FAIL;
    ring_put_request(&request, 0);
}

void p2m_resume(const vm_event_response_t *response)
{
    struct entry *entry = entry_of(response->u.mem_paging.gfn);

    if (response->u.mem_paging.flags & MEM_PAGING_DROP_PAGE)
        return;
    if (entry->frame != NO_FRAME && entry->type == TYPE_PAGING_IN)
        entry->type = TYPE_RAM_RW;
}

/* set_mem_type() of hvm/dm.c, to ram_rw. */
int p2m_set_mem_type(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);

    if (gfn >= xen.nr_gfns || entry->type == TYPE_INVALID)
        return -EINVAL;
    if (entry->type == TYPE_RAM_RW)
        return 0;
    p2m_populate(gfn, NO_VCPU);
    return -EAGAIN;
}

/* populate_physmap() and guest_remove_page(). */
int p2m_add_frame(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);
    uint32_t frame = new_frame();

    if (frame == NO_FRAME)
        return -ENOMEM;
    if (gfn >= xen.nr_gfns) {
        frame_put(frame);
        return -EINVAL;
    }
    if (entry->frame != NO_FRAME)
        frame_put(entry->frame); /* what was there is lost */
    else if (entry->type != TYPE_INVALID)
        xen.paged--;
    *entry = (struct entry){.type = TYPE_RAM_RW, .frame = frame};
    memset(frame_page(frame), 0, PAGE_BYTES);
    return 0;
}

int p2m_remove(uint64_t gfn)
{
    struct entry *entry = entry_of(gfn);
    enum fake_type type = entry->type;

    if (type == TYPE_INVALID)
        return -EINVAL;
    if (entry->frame == NO_FRAME)
        xen.paged--;
    else
        frame_put(entry->frame);
    entry->frame = NO_FRAME;
    entry->type = TYPE_INVALID;
    if (type == TYPE_PAGED || type == TYPE_PAGING_IN ||
        (type == TYPE_PAGING_OUT && fake_xen.tells_of_nominated_drops))
        drop_page(gfn, type);
    return 0;
}

uint64_t p2m_ring_gfn(void)
{
    return xen.nr_gfns - 1;
}

/* --- Mappings of the daemon. --- */

static int map_one(uint64_t gfn, int protection, char *at)
{
    uint32_t frame;

    if (entry_of(gfn)->type != TYPE_INVALID && !p2m_has_frame(gfn))
        complain("the daemon would wait for itself: it maps gfn %u", (unsigned int)gfn);
    if (!frame_take(gfn, &frame))
        return -EINVAL;
    assert_true(xen.nr_mapped < MAX_MAPS);
    xen.mapped[xen.nr_mapped].at = at;
    xen.mapped[xen.nr_mapped++].frame = frame;
    unfailing_mmap(xen.fd, (size_t)frame * PAGE_BYTES, PAGE_BYTES, protection, at);
    return 0;
}

void *frames_map(const xen_pfn_t *gfns, size_t nr, int protection, int *errors)
{
    char *at = unfailing_mmap(-1, 0, nr * PAGE_BYTES, PROT_NONE, NULL);

    for (size_t i = 0; i < nr; i++)
        errors[i] = map_one(gfns[i], protection, at + i * PAGE_BYTES);
    return at;
}

void frames_unmap(void *at, size_t nr)
{
    char *first = at;
    unsigned int kept = 0;

    for (unsigned int i = 0; i < xen.nr_mapped; i++) {
        if (xen.mapped[i].at >= first && xen.mapped[i].at < first + nr * PAGE_BYTES)
            frame_put(xen.mapped[i].frame);
        else
            xen.mapped[kept++] = xen.mapped[i];
    }
    xen.nr_mapped = kept;
    unfailing_munmap(at, nr * PAGE_BYTES);
}

/* --- Accesses of the guest and of others. --- */

bool p2m_access(uint32_t gfn, bool write)
{
    struct entry *entry = &xen.entries[gfn];

    if (entry->type == TYPE_INVALID)
        return true; /* as if there were a device */
    if (entry->type != TYPE_RAM_RW)
        return false;
    check_contents(gfn);
    if (write) {
        entry->version = ++xen.last_version;
        fill_page(frame_page(entry->frame), gfn, entry->version);
    }
    return true;
}

void guest_clear(uint32_t gfn)
{
    struct entry *entry = &xen.entries[gfn];

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
    struct entry *entry = &xen.entries[gfn];

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
    xen.refs[entry->pinned]++;
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
    struct entry *entry = &xen.entries[gfn];

    assert_true(entry->pins > 0 && entry->pinned == entry->frame);
    entry->version = ++xen.last_version;
    fill_page(frame_page(entry->frame), gfn, entry->version);
}

void foreign_unmap(uint32_t gfn)
{
    struct entry *entry = &xen.entries[gfn];
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
    struct entry *entry = &xen.entries[gfn];

    if (entry->type == TYPE_INVALID)
        return -EINVAL;
    if (entry->type != TYPE_RAM_RW) {
        p2m_populate(gfn, NO_VCPU);
        return -EAGAIN;
    }
    check_contents(gfn);
    return 0;
}

/* --- Calls. --- */

/* Not what an end does, which goes on whatever fails. */
static bool can_be_made_to_fail(enum fake_call call)
{
    return call != CALL_DISABLE && call != CALL_NOTIFY && call != CALL_PAUSE &&
           call != CALL_UNPAUSE;
}

bool call_fails(enum fake_call call, uint64_t gfn)
{
    int error = 0;

    xen.calls[call].nr++;
    if (fake_xen.before_call)
        fake_xen.before_call(call, (uint32_t)gfn);
    if (fake_xen.gone) {
        error = ESRCH;
    } else if (xen.calls[call].to_fail) {
        xen.calls[call].to_fail--;
        error = xen.calls[call].error;
    } else if (can_be_made_to_fail(call) && fail_this(EFAULT)) {
        error = EFAULT;
    }
    if (error)
        errno = error;
    return error != 0;
}

void fake_xen_fail(enum fake_call call, unsigned int nr, int error)
{
    xen.calls[call].to_fail = nr;
    xen.calls[call].error = error;
}

unsigned int fake_xen_nr_calls(enum fake_call call)
{
    return xen.calls[call].nr;
}

/* --- What there is to see. --- */

enum fake_type fake_xen_type(uint32_t gfn)
{
    return entry_of(gfn)->type;
}

uint32_t fake_xen_nr_gfns(void)
{
    return xen.nr_gfns;
}

uint32_t fake_xen_count(enum fake_type type)
{
    uint32_t nr = 0;

    for (uint32_t gfn = 0; gfn < xen.nr_gfns; gfn++)
        nr += xen.entries[gfn].type == type;
    return nr;
}

uint64_t fake_xen_resident(void)
{
    return xen.resident;
}

bool fake_xen_ring_is_in_physmap(void)
{
    return p2m_has_frame(p2m_ring_gfn());
}

void fake_xen_assert_at_peace(void)
{
    for (uint32_t gfn = 0; gfn < xen.nr_gfns; gfn++)
        if (xen.entries[gfn].type == TYPE_RAM_RW && gfn != p2m_ring_gfn())
            check_contents(gfn);
    fake_xen_assert_no_complaint();
    assert_int_equal(fake_xen_nr_unanswered(), 0);
    assert_int_equal(guest_nr_waiting(), 0);
    assert_int_equal(fake_xen_count(TYPE_PAGING_OUT), 0);
    assert_int_equal(fake_xen_count(TYPE_PAGING_IN), 0);
    assert_int_equal(fake_xen_count(TYPE_PAGED), xen.paged);
    assert_true(xen.nr_mapped <= 1); /* the ring */
}

/* --- From here to there. --- */

static void create_ram(void)
{
    for (uint32_t gfn = 0; gfn < xen.nr_gfns; gfn++) {
        xen.entries[gfn] = (struct entry){.type = TYPE_INVALID, .frame = NO_FRAME};
        assert_int_equal(p2m_add_frame(gfn), 0);
        if (gfn != p2m_ring_gfn())
            p2m_access(gfn, true);
    }
}

void fake_xen_create(uint32_t nr_gfns)
{
    memset(&xen, 0, sizeof(xen));
    fake_xen =
        (struct fake_xen){.free_host_pages = nr_gfns + SPARE_FRAMES, .features = features_of_next};
    xen.nr_gfns = nr_gfns;
    xen.nr_frames = nr_gfns + SPARE_FRAMES;
    xen.entries = unfailing_calloc(nr_gfns, sizeof(*xen.entries));
    xen.refs = unfailing_calloc(xen.nr_frames, sizeof(*xen.refs));
    xen.fd = memfd_create("frames", MFD_CLOEXEC);
    assert_int_equal(ftruncate(xen.fd, (off_t)xen.nr_frames * PAGE_BYTES), 0);
    xen.frames =
        unfailing_mmap(xen.fd, 0, (size_t)xen.nr_frames * PAGE_BYTES, PROT_READ | PROT_WRITE, NULL);
    vcpus_reset();
    ring_reset();
    fake_libs_reset();
    create_ram();
}

void fake_xen_destroy(void)
{
    unfailing_munmap(xen.frames, (size_t)xen.nr_frames * PAGE_BYTES);
    close(xen.fd);
    unfailing_free(xen.entries);
    unfailing_free(xen.refs);
    fake_libs_assert_closed();
}
