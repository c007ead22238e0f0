/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxenevtchn.so.1: as with /dev/xen/evtchn, a port is masked from its event on until unmasked. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenevtchn.h>

#include "client.h"
#include "own_time.h"

struct xenevtchn_handle {
    struct sim_handle *host;
    int fd;
    xenevtchn_port_or_error_t port; /* pagers have but one */
    bool is_restricted;             /* to: */
    uint32_t only_domid;
};

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
    struct xenevtchn_handle *channel = calloc(1, sizeof(*channel));

    (void)logger, (void)flags;
    if (!channel)
        return NULL;
    channel->host = sim_open();
    if (!channel->host || sim_simple(channel->host, SIM_EVTCHN_OPEN, 0, 0) < 0) {
        sim_close(channel->host);
        free(channel);
        return NULL;
    }
    channel->fd = channel->host->received;
    return channel;
}

int xenevtchn_close(xenevtchn_handle *channel)
{
    close(channel->fd);
    sim_close(channel->host);
    free(channel);
    return 0;
}

int xenevtchn_restrict(xenevtchn_handle *channel, domid_t domid)
{
    channel->only_domid = domid;
    channel->is_restricted = true;
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *channel)
{
    return channel->fd;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *channel, uint32_t domid,
                                                     evtchn_port_t remote)
{
    struct sim_request request = {.op = SIM_EVTCHN_BIND, .domid = domid, .arg = remote};

    if (channel->is_restricted && channel->only_domid != domid) {
        errno = EACCES;
        return -1;
    }
    channel->port = (xenevtchn_port_or_error_t)sim_call(channel->host, request, NULL, NULL, 0);
    return channel->port;
}

/* It goes with the connection. */
int xenevtchn_unbind(xenevtchn_handle *channel, evtchn_port_t port)
{
    (void)channel, (void)port;
    return 0;
}

/* Blocks if there is none, as the real one does. */
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *channel)
{
    uint64_t count;

    if (read(channel->fd, &count, sizeof(count)) != sizeof(count))
        return -1;
    return channel->port;
}

/* What came meanwhile can be read when this returns: it waits for the reply. */
int xenevtchn_unmask(xenevtchn_handle *channel, evtchn_port_t port)
{
    (void)port;
    return (int)sim_simple(channel->host, SIM_EVTCHN_UNMASK, 0, 0);
}

int xenevtchn_notify(xenevtchn_handle *channel, evtchn_port_t port)
{
    (void)port;
    own_time_answered();
    return (int)sim_simple(channel->host, SIM_EVTCHN_NOTIFY, 0, 0);
}
