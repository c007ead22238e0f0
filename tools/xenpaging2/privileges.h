/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the process may do: as little as it needs, so that who takes it over gains little.
 *
 * docs/security.md tells what is left, and why. Every file that is opened later has to be the
 * user's own that the process runs as.
 */
#ifndef XENPAGING2_PRIVILEGES_H
#define XENPAGING2_PRIVILEGES_H

/*
 * Before any thread is started: tells the kernel to kill others first when memory is short, gives
 * all capabilities up but that to lock memory, and the gain of new ones by programs executed. What
 * the kernel refuses is logged and gone without.
 */
void privileges_drop(void);

/*
 * Once all is open, for all threads: system calls that the pager does not make fail with EPERM, and
 * the kernel logs them (seccomp(2)). What the kernel refuses is logged and gone without.
 */
void privileges_filter_calls(void);

#endif
