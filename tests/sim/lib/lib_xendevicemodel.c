/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxendevicemodel.so.1: setting a memory type, with which the pager takes nominations back. */
#include <errno.h>

#include <xendevicemodel.h>
#include <xen/hvm/dm_op.h>

#include "client.h"

static struct sim_handle *handle_of(xendevicemodel_handle *device_model)
{
    return (struct sim_handle *)device_model;
}

xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    return (xendevicemodel_handle *)sim_open();
}

int xendevicemodel_close(xendevicemodel_handle *device_model)
{
    sim_close(handle_of(device_model));
    return 0;
}

int xendevicemodel_set_mem_type(xendevicemodel_handle *device_model, domid_t domid,
                                hvmmem_type_t type, uint64_t first, uint32_t nr)
{
    struct sim_request request = {
        .op = SIM_SET_MEM_TYPE, .domid = domid, .gfn = first, .arg = type};

    if ((type != HVMMEM_ram_rw && type != HVMMEM_ram_ro) || nr != 1) {
        errno = EINVAL;
        return -1;
    }
    return sim_call(handle_of(device_model), request, NULL, NULL, 0) < 0 ? -1 : 0;
}
