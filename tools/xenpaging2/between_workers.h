/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of a domain while nobody serves it. The supervisor's; nothing stays open. */
#ifndef XENPAGING2_BETWEEN_WORKERS_H
#define XENPAGING2_BETWEEN_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Pauses it, in the account of the index, so that whoever takes over undoes it; index_path is "" if
 * there is none. What goes wrong is logged. Returns false if there is no domain any more.
 */
bool domain_hold(uint32_t domid, const char *index_path);

/* Also true if Xen cannot be asked. */
bool domain_is_there(uint32_t domid);

/* Says in xenstore that it is not served, and why, a line; likewise to the service manager. */
void domain_report_failed(uint32_t domid, const char *error);

#endif
