/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "orphan_ring.h"

#include "vm_event_codec.h"
#include "xen_ops.h"

/* A vCPU can be paused for a page of its own, and for one that Xen copies from on its behalf. */
#define MAX_PAUSES 2

static int renew(struct xen_ops *ops, void *page, vm_event_back_ring_t *back, uint32_t *port)
{
    vm_event_ring_init(back, page);
    return xen_renew_paging(ops, port);
}

/*
 * Xen ignores a response to a vCPU that waits for none (vm_event_resume()). As a drop it is about
 * no page.
 */
static void put_response(vm_event_back_ring_t *back, uint32_t vcpu)
{
    const struct mem_event event = {.vcpu_id = vcpu, .vcpu_paused = true, .drop = true};
    vm_event_response_t response;

    vm_event_encode(&event, &response);
    vm_event_ring_put_unasked(back, &response);
}

static int release_vcpus(struct xen_ops *ops, vm_event_back_ring_t *back, uint32_t nr_vcpus)
{
    int rc = 0;

    for (uint32_t vcpu = 0; !rc && vcpu < nr_vcpus; vcpu++) {
        put_response(back, vcpu);
        if ((vcpu + 1) % MEM_EVENT_RING_SLOTS == 0 || vcpu + 1 == nr_vcpus)
            rc = xen_resume_paging(ops);
    }
    return rc;
}

/* The second time because Xen believes in more slots than there are, after the responses. */
int orphan_ring_replace(struct xen_ops *ops, void *page, uint32_t *port)
{
    vm_event_back_ring_t back;
    struct xen_domain_info info;
    int rc = xen_domain_info(ops, &info);

    if (!rc)
        rc = renew(ops, page, &back, port);
    for (int i = 0; !rc && i < MAX_PAUSES; i++)
        rc = release_vcpus(ops, &back, info.nr_vcpus);
    return rc ? rc : renew(ops, page, &back, port);
}
