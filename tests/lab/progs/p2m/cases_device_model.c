/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device models: what Xen tells them of paging. The case is one itself, an I/O request server of
 * the guest's (xen/hvm/ioreq.h).
 */
#include "cases.h"

#include <sys/mman.h>
#include <unistd.h>

#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xen/hvm/ioreq.h>
#include <xen/memory.h>

#include "bare.h"
#include "batch.h"
#include "report.h"
#include "xen.h"

#define LONGEST_MS 20000

struct server {
    xendevicemodel_handle *device_model;
    xenforeignmemory_handle *memory;
    xenforeignmemory_resource_handle *frame;
    xenevtchn_handle *channel;
    evtchn_port_t port;
    ioservid_t id;
    volatile ioreq_t *request; /* of the guest's only vCPU */
};

static void map_requests(struct server *s)
{
    void *page = NULL;

    s->frame = xenforeignmemory_map_resource(
        s->memory, (domid_t)xen_domid, XENMEM_resource_ioreq_server, s->id,
        XENMEM_resource_ioreq_server_frame_ioreq(0), 1, &page, PROT_READ | PROT_WRITE, 0);
    if (!s->frame)
        inconclusive("the device model's requests cannot be mapped");
    s->request = &((shared_iopage_t *)page)->vcpu_ioreq[0];
}

static void serve(struct server *s)
{
    int port;

    s->device_model = xendevicemodel_open(NULL, 0);
    s->memory = xenforeignmemory_open(NULL, 0);
    s->channel = xenevtchn_open(NULL, 0);
    if (!s->device_model || !s->memory || !s->channel)
        inconclusive("no interface for device models");
    must("a device model", xendevicemodel_create_ioreq_server(s->device_model, (domid_t)xen_domid,
                                                              HVM_IOREQSRV_BUFIOREQ_OFF, &s->id));
    map_requests(s);
    must("enabling it",
         xendevicemodel_set_ioreq_server_state(s->device_model, (domid_t)xen_domid, s->id, 1));
    port = xenevtchn_bind_interdomain(s->channel, xen_domid, s->request->vp_eport);
    must("the device model's event channel", port < 0 ? port : 0);
    s->port = (evtchn_port_t)port;
}

static void leave(struct server *s)
{
    xenforeignmemory_unmap_resource(s->memory, s->frame);
    xendevicemodel_destroy_ioreq_server(s->device_model, (domid_t)xen_domid, s->id);
    xenevtchn_close(s->channel);
    xenforeignmemory_close(s->memory);
    xendevicemodel_close(s->device_model);
}

/* Whether there is a request to drop mappings; it is answered. */
static bool is_asked(struct server *s)
{
    bool asked = s->request->state == STATE_IOREQ_READY;

    if (!asked)
        return false;
    asked = s->request->type == IOREQ_TYPE_INVALIDATE;
    s->request->state = STATE_IORESP_READY;
    xenevtchn_notify(s->channel, s->port);
    return asked;
}

static bool is_asked_soon(struct server *s)
{
    for (int waited = 0; waited < LONGEST_MS; waited++) {
        if (is_asked(s))
            return true;
        usleep(1000);
    }
    return false;
}

/*
 * What Xen asks meanwhile is answered: it does so when a page of a guest that has run is ballooned
 * out, as the ring's was.
 */
static void run_to_the_end(struct server *s, uint64_t gfn)
{
    uint32_t result;

    bare_run(gfn, &bare_reader, (struct bare_registers){.esi = (uint32_t)(gfn * PAGE_BYTES)});
    for (int waited = 0; !bare_done(gfn, &result); waited++) {
        if (waited == LONGEST_MS)
            inconclusive("the guest did not come to its end");
        is_asked(s);
        usleep(1000);
    }
    bare_stop();
}

/* Xen passes the request on when the vCPU is scheduled, which it is after a pause. */
static const char *asked_to_unmap(uint64_t gfn)
{
    struct server s = {0};
    bool asked;

    if (batch_absent())
        return batch_absent();
    serve(&s);
    run_to_the_end(&s, gfn);
    batch_one("invalidate", BATCH_INVALIDATE, gfn, NULL);
    xen_unpause();
    asked = is_asked_soon(&s);
    bare_stop();
    leave(&s);
    return asked ? NULL : "the device model was not asked";
}

const struct p2m_case device_model_cases[] = {
    {"asked-to-unmap", "a device model is asked to drop mappings when the pager wants it",
     asked_to_unmap},
    {0}};
