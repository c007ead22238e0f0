/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's end of the ring, and the event channel between it and the daemon. */
#include "test.h"

#include "fake_xen_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <xenevtchn.h>

#include "failing.h"
#include "page.h"
#include "xen_paging_batch.h"

#define XEN_PORT 5
#define LOCAL_PORT 23
#define SLOTS 8

struct xenevtchn_handle {
    int fd;
    bool restricted;
    bool bound, masked, pending;
};

static struct {
    bool enabled;
    vm_event_front_ring_t front;
    uint32_t frame;
    void *page;
    unsigned int nr_responses;
    vm_event_request_t unanswered[SLOTS];
    unsigned int nr_unanswered;
    struct xenevtchn_handle *channel; /* the last one that was opened */
    struct xenevtchn_handle *bound;   /* NULL: the ring is nobody's */
} ring;

void ring_reset(void)
{
    memset(&ring, 0, sizeof(ring));
}

bool ring_is_enabled(void)
{
    return ring.enabled;
}

bool fake_xen_paging_is_enabled(void)
{
    return ring.enabled;
}

unsigned int fake_xen_nr_responses(void)
{
    return ring.nr_responses;
}

unsigned int fake_xen_nr_unanswered(void)
{
    return ring.nr_unanswered;
}

void *fake_xen_ring_page(void)
{
    return ring.page;
}

/* A patched hypervisor gives a dead pager's place away: vCPUs ask again. */
static int replace_orphan(void)
{
    if (!has_feature(XENMEM_paging_feature_reattach) || ring.bound)
        return -EBUSY;
    frame_put(ring.frame);
    ring.nr_unanswered = 0;
    vcpus_unblock();
    vcpus_release();
    return 0;
}

int ring_enable(uint32_t *port)
{
    int rc = ring.enabled ? replace_orphan() : 0;

    if (rc)
        return rc;
    ring.page = frame_take(p2m_ring_gfn(), &ring.frame);
    if (!ring.page)
        return -EINVAL;
    FRONT_RING_INIT(&ring.front, (vm_event_sring_t *)ring.page, PAGE_BYTES);
    assert_int_equal(RING_SIZE(&ring.front), SLOTS);
    ring.enabled = true;
    *port = XEN_PORT;
    vcpus_run();
    return 0;
}

/* Xen lets those go who wait for room in the ring, and nobody else. */
int ring_disable(void)
{
    if (!ring.enabled)
        return -EINVAL;
    for (uint32_t vcpu = 0; vcpu < FAKE_VCPUS && ring.bound; vcpu++)
        if (vcpu_is_paused(vcpu))
            complain("vCPU %u stays paused for ever", vcpu);
    ring.enabled = false;
    ring.bound = NULL;
    ring.nr_unanswered = 0;
    vcpus_unblock();
    frame_put(ring.frame);
    return 0;
}

bool ring_has_slot(void)
{
    return ring.enabled && RING_FREE_REQUESTS(&ring.front) > 0;
}

/* --- The event channel. --- */

static void make_readable(struct xenevtchn_handle *channel)
{
    channel->pending = false;
    assert_int_equal(eventfd_write(channel->fd, 1), 0);
}

void fake_xen_kick(void)
{
    struct xenevtchn_handle *channel = ring.channel;

    if (!channel || !channel->bound || fake_xen.notifies_late)
        return;
    channel->pending = true;
    if (!channel->masked)
        make_readable(channel);
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    if (fail_this(EACCES))
        return NULL;
    ring.channel = unfailing_calloc(1, sizeof(*ring.channel));
    ring.channel->fd = unfailing_eventfd();
    return ring.channel;
}

int xenevtchn_close(xenevtchn_handle *channel)
{
    close(channel->fd);
    unfailing_free(channel);
    if (ring.bound == channel)
        ring.bound = NULL;
    ring.channel = NULL;
    return 0;
}

int xenevtchn_restrict(xenevtchn_handle *channel, domid_t domid)
{
    if (fail_this(ENOTTY))
        return -1;
    assert_int_equal(domid, FAKE_DOMID);
    channel->restricted = true;
    return 0;
}

/* What the kernel does with what it had open. */
void fake_xen_pager_dies(void)
{
    if (ring.channel)
        xenevtchn_close(ring.channel);
    while (machine.nr_mapped)
        frame_put(machine.mapped[--machine.nr_mapped].frame);
    fake_libs_reset_handles();
}

int xenevtchn_fd(xenevtchn_handle *channel)
{
    return channel->fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *channel, uint32_t domid,
                                                     evtchn_port_t remote)
{
    if (call_fails(CALL_BIND, 0))
        return -1;
    assert_int_equal(domid, FAKE_DOMID);
    assert_int_equal(remote, XEN_PORT);
    assert_true(channel->restricted);
    channel->bound = true;
    ring.bound = channel;
    if (ring.nr_unanswered)
        fake_xen_kick(); /* as the kernel does for what may have come before */
    return LOCAL_PORT;
}

/* The port is masked until it is unmasked; what comes meanwhile is kept. */
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *channel)
{
    eventfd_t count;

    if (call_fails(CALL_PENDING, 0))
        return -1;
    if (eventfd_read(channel->fd, &count)) {
        complain("xenevtchn_pending() would have blocked");
        return -1;
    }
    channel->masked = true;
    return LOCAL_PORT;
}

int xenevtchn_unmask(xenevtchn_handle *channel, evtchn_port_t port)
{
    assert_int_equal(port, LOCAL_PORT);
    channel->masked = false;
    if (channel->pending)
        make_readable(channel);
    return 0;
}

int xenevtchn_notify(xenevtchn_handle *channel, evtchn_port_t port)
{
    assert_int_equal(port, LOCAL_PORT);
    if (call_fails(CALL_NOTIFY, 0))
        return -1;
    if (channel->bound && ring.enabled)
        ring_resume();
    return 0;
}

/* --- vm_event_put_request() and vm_event_resume(). --- */

void ring_put_request(vm_event_request_t *request, uint32_t vcpu)
{
    if (fake_xen.ring_is_foreign)
        return;
    request->version = VM_EVENT_INTERFACE_VERSION;
    if (vcpu == NO_VCPU)
        request->flags |= VM_EVENT_FLAG_FOREIGN;
    memcpy(RING_GET_REQUEST(&ring.front, ring.front.req_prod_pvt), request, sizeof(*request));
    ring.front.req_prod_pvt++;
    RING_PUSH_REQUESTS(&ring.front);
    ring.unanswered[ring.nr_unanswered++] = *request;
    if (vcpu != NO_VCPU && RING_FREE_REQUESTS(&ring.front) < FAKE_VCPUS && !vcpu_is_paused(vcpu))
        vcpu_block(vcpu);
    fake_xen_kick();
}

void fake_xen_let_lie(uint64_t gfn, uint32_t flags)
{
    vm_event_request_t request = {
        .reason = VM_EVENT_REASON_MEM_PAGING,
        .u.mem_paging = {.gfn = gfn, .flags = flags},
    };

    assert_true(ring_has_slot());
    ring_put_request(&request, NO_VCPU);
}

static bool answers(const vm_event_response_t *response, const vm_event_request_t *request)
{
    return response->vcpu_id == request->vcpu_id &&
           response->u.mem_paging.gfn == request->u.mem_paging.gfn &&
           response->u.mem_paging.flags == request->u.mem_paging.flags &&
           (response->flags & VM_EVENT_FLAG_VCPU_PAUSED) ==
               (request->flags & VM_EVENT_FLAG_VCPU_PAUSED);
}

static void cross_off(const vm_event_response_t *response)
{
    for (unsigned int i = 0; i < ring.nr_unanswered; i++) {
        if (answers(response, &ring.unanswered[i])) {
            ring.unanswered[i] = ring.unanswered[--ring.nr_unanswered];
            return;
        }
    }
    complain("a response for gfn %u that nobody asked for",
             (unsigned int)response->u.mem_paging.gfn);
}

/* A vCPU that goes on with its page still on the way in would spin, and send nothing more. */
static void check_page(const vm_event_response_t *response)
{
    uint64_t gfn = response->u.mem_paging.gfn;

    if (response->u.mem_paging.flags & MEM_PAGING_DROP_PAGE || gfn >= fake_xen_nr_gfns())
        return;
    if (fake_xen_type((uint32_t)gfn) == TYPE_PAGING_IN && !gfn_has_frame(gfn))
        complain("a response for gfn %u, which is not there", (unsigned int)gfn);
}

static void handle_response(const vm_event_response_t *response)
{
    bool is_paused = response->vcpu_id < FAKE_VCPUS && vcpu_is_paused(response->vcpu_id);

    ring.nr_responses++;
    if (fake_xen.ring_is_foreign)
        return;
    if (!ring.bound) { /* from a pager that takes over, to whoever may wait for one */
        if (is_paused)
            vcpu_unpause(response->vcpu_id);
        return;
    }
    cross_off(response);
    check_page(response);
    if (response->version != VM_EVENT_INTERFACE_VERSION)
        complain("interface version mismatch");
    if (response->reason != VM_EVENT_REASON_MEM_PAGING)
        complain("a response of reason %u", response->reason);
    if (!rule_heeds_response(machine_xen(), is_paused))
        return;
    p2m_resume(response);
    if (response->flags & VM_EVENT_FLAG_VCPU_PAUSED)
        vcpu_unpause(response->vcpu_id);
}

void ring_resume(void)
{
    while (RING_HAS_UNCONSUMED_RESPONSES(&ring.front)) {
        vm_event_response_t response;

        memcpy(&response, RING_GET_RESPONSE(&ring.front, ring.front.rsp_cons), sizeof(response));
        ring.front.rsp_cons++;
        ring.front.sring->rsp_event = ring.front.rsp_cons + 1;
        if (ring.front.req_prod_pvt - ring.front.rsp_cons > SLOTS && !fake_xen.ring_is_foreign &&
            ring.bound)
            complain("more responses than requests");
        vcpus_unblock();
        handle_response(&response);
    }
    vcpus_run();
}
