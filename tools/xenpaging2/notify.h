/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the service manager is told if it wants to know: the protocol of sd_notify(3). */
#ifndef XENPAGING2_NOTIFY_H
#define XENPAGING2_NOTIFY_H

/*
 * Sends lines such as "READY=1\nSTATUS=..." as one datagram to the socket that NOTIFY_SOCKET names
 * in the environment. Without one, or if it takes none, nothing happens. systemd by default
 * listens to the process that it has started, and to no other one.
 */
void notify_send(const char *lines);

#endif
