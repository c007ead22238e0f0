/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "between_workers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "index.h"
#include "log.h"
#include "notify.h"
#include "xen_ops.h"
#include "xenstore.h"

static struct xen_ops *open_ops(uint32_t domid)
{
    struct xen_ops *ops;
    char message[256];

    if (!xen_ops_open(domid, &ops, message, sizeof(message)))
        return ops;
    log_error("%s", message);
    return NULL;
}

static int look_at_domain(struct xen_ops *ops, struct xen_domain_info *info)
{
    int rc = xen_domain_info(ops, info);

    return !rc && info->dying ? -ESRCH : rc;
}

static struct index *open_index(uint32_t domid, const struct xen_domain_info *info,
                                const char *path)
{
    struct index_owner owner = {.domid = domid};
    struct index *index = NULL;
    char message[512];

    memcpy(owner.uuid, info->uuid, sizeof(owner.uuid));
    if (path[0] && index_open(path, &owner, &index, message, sizeof(message)))
        log_error("%s", message);
    return index;
}

static int pause_domain(uint32_t domid, struct xen_ops *ops, const char *index_path)
{
    struct xen_domain_info info;
    struct index *index;
    int rc = look_at_domain(ops, &info);

    if (rc)
        return rc;
    if (!index_path[0] && info.paused)
        return 0; /* by the one before, in its account */
    index = open_index(domid, &info, index_path);
    if (index)
        xen_keep_account(ops, &index_live(index)->nr_pauses);
    rc = xen_pause(ops);
    xen_keep_account(ops, NULL);
    index_close(index);
    return rc;
}

bool domain_hold(uint32_t domid, const char *index_path)
{
    struct xen_ops *ops = open_ops(domid);
    int rc;

    if (!ops)
        return true;
    rc = pause_domain(domid, ops, index_path);
    xen_ops_close(ops);
    if (rc && rc != -ESRCH)
        log_error("cannot pause the domain: %s", strerror(-rc));
    return rc != -ESRCH;
}

bool domain_is_there(uint32_t domid)
{
    struct xen_ops *ops = open_ops(domid);
    struct xen_domain_info info;
    int rc;

    if (!ops)
        return true;
    rc = look_at_domain(ops, &info);
    xen_ops_close(ops);
    return rc != -ESRCH;
}

static void report_to_service_manager(const char *error)
{
    char status[300];

    snprintf(status, sizeof(status), "STATUS=%s", error);
    notify_send(status);
}

static void report_to_xenstore(uint32_t domid, const char *error)
{
    char guard[32], path[64], message[256];
    struct xenstore *xs;

    snprintf(guard, sizeof(guard), "/local/domain/%" PRIu32, domid);
    if (xenstore_open(guard, &xs, message, sizeof(message))) {
        log_warning("%s", message);
        return;
    }
    snprintf(path, sizeof(path), "/libxl/%" PRIu32 "/paging/error", domid);
    xenstore_write(xs, path, error);
    snprintf(path, sizeof(path), "/libxl/%" PRIu32 "/paging/state", domid);
    xenstore_write(xs, path, "failed");
    xenstore_flush(xs);
    xenstore_close(xs);
}

void domain_report_failed(uint32_t domid, const char *error)
{
    report_to_service_manager(error);
    report_to_xenstore(domid, error);
}
