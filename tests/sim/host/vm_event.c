/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's end of the ring, as in common/vm_event.c, and the event channel to the pager. */
#include "host.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

static unsigned int available(const struct ring *r)
{
    return RING_FREE_REQUESTS(&r->front) - r->target_producers - r->foreign_producers;
}

static void wake_blocked(struct domain *d)
{
    struct ring *r = &d->ring;
    unsigned int avail = available(r);

    for (unsigned int i = 1; i <= d->nr_vcpus && avail && r->blocked; i++) {
        struct vcpu *v = &d->vcpus[(r->last_woken + i) % d->nr_vcpus];

        if (!v->blocked)
            continue;
        v->blocked = false;
        r->blocked--;
        avail--;
        r->last_woken = v->id;
    }
}

/* Who waits for a slot goes before those who were stopped after they had one. */
static void wake(struct domain *d)
{
    if (!d->ring.queued)
        wake_blocked(d);
    host_changed();
}

/* Patched: whoever waits for a page is let go when a pager comes or goes, and asks again. */
static void release_vcpus(struct domain *d)
{
    for (unsigned int i = 0; host.patched && i < d->nr_vcpus; i++)
        d->vcpus[i].event_pauses = 0;
    host_changed();
}

void ring_wait_for_pager(struct vcpu *v)
{
    if (v)
        v->event_pauses++;
}

/* On a patched Xen, the ring of a dead pager is no obstacle; slots that are claimed stay so. */
int ring_enable(struct domain *d)
{
    struct ring *r = &d->ring;
    struct p2m_entry *e = p2m_entry(d, d->ring_gfn);

    if (r->enabled && (!host.patched || r->channel))
        return -EBUSY;
    if (e->frame == NO_FRAME)
        return -EINVAL;
    if (r->enabled)
        frame_put(r->frame);
    else
        memset(r, 0, sizeof(*r));
    r->frame = e->frame;
    frame_get(r->frame);
    FRONT_RING_INIT(&r->front, (vm_event_sring_t *)frame_page(r->frame), PAGE_BYTES);
    r->enabled = true;
    wake(d);
    release_vcpus(d);
    return FIRST_PORT + (int)d->id;
}

/* On a stock Xen, those who wait for a page go on waiting: nobody is left to tell them. */
int ring_disable(struct domain *d)
{
    struct ring *r = &d->ring;

    if (!r->enabled)
        return -EINVAL;
    if (r->queued)
        return -EBUSY;
    for (unsigned int i = 0; i < d->nr_vcpus; i++)
        d->vcpus[i].blocked = false;
    r->enabled = false;
    r->channel = NULL;
    frame_put(r->frame);
    release_vcpus(d);
    return 0;
}

static int grab_slot(struct ring *r, bool foreign)
{
    if (!r->enabled)
        return -EOPNOTSUPP;
    if (!available(r))
        return -EBUSY;
    if (foreign)
        r->foreign_producers++;
    else
        r->target_producers++;
    return 0;
}

int ring_claim_slot(struct domain *d, struct vcpu *v)
{
    struct ring *r = &d->ring;
    int rc = grab_slot(r, !v);

    while (v && rc == -EBUSY) {
        r->queued++;
        host_wait();
        r->queued--;
        rc = grab_slot(r, false);
    }
    return rc;
}

void ring_cancel_slot(struct domain *d, struct vcpu *v)
{
    if (!d->ring.enabled)
        return;
    if (v)
        d->ring.target_producers--;
    else
        d->ring.foreign_producers--;
    wake(d);
}

void ring_put_request(struct domain *d, struct vcpu *v, vm_event_request_t *request)
{
    struct ring *r = &d->ring;

    if (!r->enabled)
        return;
    if (r->front.req_prod_pvt - r->front.rsp_cons >= RING_SIZE(&r->front))
        complain("d%u: after more responses than requests, Xen believes in slots there are not",
                 d->id);
    if (!v)
        request->flags |= VM_EVENT_FLAG_FOREIGN;
    request->version = VM_EVENT_INTERFACE_VERSION;
    memcpy(RING_GET_REQUEST(&r->front, r->front.req_prod_pvt), request, sizeof(*request));
    r->front.req_prod_pvt++;
    RING_PUSH_REQUESTS(&r->front);
    ring_cancel_slot(d, v); /* it is used now */
    if (v && available(r) < d->nr_vcpus && !v->event_pauses && !v->blocked) {
        v->blocked = true;
        r->blocked++;
    }
    channel_kick(r->channel);
}

static void unpause(struct vcpu *v)
{
    if (v->event_pauses)
        v->event_pauses--;
    else
        complain("d%uv%u: too many unpause attempts", v->domain->id, v->id);
}

static void handle_response(struct domain *d, const vm_event_response_t *response)
{
    struct vcpu *v = response->vcpu_id < d->nr_vcpus ? &d->vcpus[response->vcpu_id] : NULL;

    if (response->version != VM_EVENT_INTERFACE_VERSION) {
        d->ring.nr_ignored++;
        return;
    }
    if (!rule_heeds_response(host_xen(), v && v->event_pauses))
        return;
    if (response->reason == VM_EVENT_REASON_MEM_PAGING &&
        !(response->u.mem_paging.flags & MEM_PAGING_DROP_PAGE))
        p2m_resume(d, response->u.mem_paging.gfn);
    if (v && response->flags & VM_EVENT_FLAG_VCPU_PAUSED)
        unpause(v);
}

void ring_resume(struct domain *d)
{
    vm_event_front_ring_t *front = &d->ring.front;

    while (d->ring.enabled && RING_HAS_UNCONSUMED_RESPONSES(front)) {
        vm_event_response_t response;

        memcpy(&response, RING_GET_RESPONSE(front, front->rsp_cons), sizeof(response));
        front->rsp_cons++;
        front->sring->rsp_event = front->rsp_cons + 1;
        wake(d);
        handle_response(d, &response);
    }
}

/* --- The event channel. --- */

int channel_bind(struct channel *channel, struct domain *d, uint64_t port)
{
    if (!d->ring.enabled || port != FIRST_PORT + d->id || d->ring.channel)
        return -EINVAL;
    channel->domain = d;
    d->ring.channel = channel;
    channel_kick(channel); /* as the kernel does for what may have come before */
    return FIRST_PORT;
}

void channel_unbind(struct channel *channel)
{
    if (channel->domain && channel->domain->ring.channel == channel)
        channel->domain->ring.channel = NULL;
}

void channel_kick(struct channel *channel)
{
    if (!channel)
        return;
    channel->pending = channel->masked;
    if (channel->masked)
        return;
    channel->masked = true; /* until somebody has dealt with it, as in the kernel */
    eventfd_write(channel->fd, 1);
}

void channel_unmask(struct channel *channel)
{
    channel->masked = false;
    if (channel->pending)
        channel_kick(channel);
}
