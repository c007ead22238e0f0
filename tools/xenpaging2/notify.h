/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service manager is told if it wants to know: the protocol of sd_notify(3). */
#ifndef XENPAGING2_NOTIFY_H
#define XENPAGING2_NOTIFY_H

/* What there is to tell by the supervisor, or by a pager that has none. */
#define NOTIFY_SERVED "READY=1\nSTATUS=the domain is served"
#define NOTIFY_DRAINS "STOPPING=1\nSTATUS=all memory is being brought back"

/*
 * Sends lines such as "READY=1\nSTATUS=..." as one datagram to the socket that NOTIFY_SOCKET names
 * in the environment. Without one, or if it takes none, nothing happens. systemd by default
 * listens to the process that it has started, and to no other one.
 */
void notify_send(const char *lines);

#endif
