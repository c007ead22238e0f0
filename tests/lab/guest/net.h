/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network under test, beside the memory: a thread sends pages of a pool to somebody who sends
 * everything back, as a TCP echo server does, and puts what comes back into other pages. It has the
 * kernel send pages without looking at them (sendfile): what the driver is given may be a page that
 * no vCPU has touched since it was paged out.
 */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include <netinet/in.h>
#include <stdint.h>

/*
 * Connects to the server (tried again for 30 s while it is not to be reached), fills a pool of that
 * many pages and starts the thread. 0, or a negative errno after reporting it.
 */
int net_start(const struct sockaddr_in *server, uint64_t pool_pages);

/* Reports what was done so far. The first wrong page or broken connection is reported as an error
 * when it happens, and is the thread's end. */
void net_report(void);

/* Gives the first network interface an address, once it is there. Pid 1 only. 0, or a negative
 * errno after reporting it. */
int net_set_address(struct in_addr address);

#endif
