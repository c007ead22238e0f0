/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Priorities in the event loop. As long as an event of the higher priority is active, none of the
 * lower one is run: what somebody waits for never waits for more than the one callback that is
 * running. SERVE is for page-ins, and for the rare and short calls of signals, timers and
 * xenstore; BACKGROUND for what makes work of its own accord: eviction and fetching; IDLE for what
 * is better done together with what may still come, and is due when nothing more does.
 */
#ifndef XENPAGING2_PRIORITIES_H
#define XENPAGING2_PRIORITIES_H

enum { PRIORITY_SERVE, PRIORITY_BACKGROUND, PRIORITY_IDLE, NR_PRIORITIES };

#endif
