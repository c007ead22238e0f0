/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm_event_codec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "page.h"

void vm_event_ring_init(vm_event_back_ring_t *back, void *page)
{
    SHARED_RING_INIT((vm_event_sring_t *)page);
    BACK_RING_INIT(back, (vm_event_sring_t *)page, PAGE_BYTES);
    assert(RING_SIZE(back) == MEM_EVENT_RING_SLOTS);
}

/*
 * Whether there are as many new requests as that: each takes a slot that is not owed a response.
 * Xen's RING_REQUEST_PROD_OVERFLOW() does not see an index that goes back among those that are
 * owed.
 */
static bool can_be(const vm_event_back_ring_t *back, RING_IDX prod)
{
    return prod - back->req_cons <= RING_SIZE(back) - (back->req_cons - back->rsp_prod_pvt);
}

int vm_event_ring_take(vm_event_back_ring_t *back, vm_event_request_t *request)
{
    RING_IDX prod = *(volatile RING_IDX *)&back->sring->req_prod;

    if (!can_be(back, prod))
        return -EPROTO;
    if (prod == back->req_cons)
        return 0;
    xen_rmb(); /* the request is read after the index that says it is there */
    RING_COPY_REQUEST(back, back->req_cons, request);
    back->req_cons++;
    return 1;
}

bool vm_event_ring_more(vm_event_back_ring_t *back)
{
    int more;

    RING_FINAL_CHECK_FOR_REQUESTS(back, more);
    return more != 0;
}

void vm_event_ring_put(vm_event_back_ring_t *back, const vm_event_response_t *response)
{
    assert(back->rsp_prod_pvt != back->req_cons); /* Xen has a BUG_ON() for a surplus response */
    vm_event_ring_put_unasked(back, response);
}

void vm_event_ring_put_unasked(vm_event_back_ring_t *back, const vm_event_response_t *response)
{
    memcpy(RING_GET_RESPONSE(back, back->rsp_prod_pvt), response, sizeof(*response));
    back->rsp_prod_pvt++;
    RING_PUSH_RESPONSES(back);
}

int vm_event_decode(const vm_event_request_t *request, struct mem_event *event)
{
    uint32_t paging = request->u.mem_paging.flags;

    *event = (struct mem_event){
        .gfn = request->u.mem_paging.gfn,
        .vcpu_id = request->vcpu_id,
        .p2mt = request->u.mem_paging.p2mt,
        .vcpu_paused = request->flags & VM_EVENT_FLAG_VCPU_PAUSED,
        .foreign = request->flags & VM_EVENT_FLAG_FOREIGN,
        .drop = paging & MEM_PAGING_DROP_PAGE,
        .evict_fail = paging & MEM_PAGING_EVICT_FAIL,
    };
    if (request->version != VM_EVENT_INTERFACE_VERSION ||
        request->reason != VM_EVENT_REASON_MEM_PAGING)
        return -EPROTO;
    return 0;
}

void vm_event_encode(const struct mem_event *event, vm_event_response_t *response)
{
    memset(response, 0, sizeof(*response));
    response->version = VM_EVENT_INTERFACE_VERSION;
    response->reason = VM_EVENT_REASON_MEM_PAGING;
    response->vcpu_id = event->vcpu_id;
    response->flags = event->vcpu_paused ? VM_EVENT_FLAG_VCPU_PAUSED : 0;
    response->u.mem_paging.gfn = event->gfn;
    response->u.mem_paging.p2mt = event->p2mt;
    response->u.mem_paging.flags = (event->drop ? MEM_PAGING_DROP_PAGE : 0u) |
                                   (event->evict_fail ? MEM_PAGING_EVICT_FAIL : 0u);
}
