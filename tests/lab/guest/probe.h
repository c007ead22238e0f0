/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest can see of paging in xenstore, and what it can do to it. */
#ifndef GUEST_PROBE_H
#define GUEST_PROBE_H

/*
 * Asks xenstored, through the kernel (/dev/xen/xenbus, root only), and reports a line for each
 * request: "workload: xenstore OPERATION PATH: ANSWER", where ANSWER is what was read, OK or the
 * name of an error, as xenstored sends it. Paths that do not begin with a slash are below the
 * guest's own directory.
 */
void probe_xenstore(void);

#endif
