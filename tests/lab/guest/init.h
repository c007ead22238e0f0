/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The duties of pid 1 in a guest whose only program this is. As any other process the functions
 * here mount, halt and reboot nothing.
 */
#ifndef GUEST_INIT_H
#define GUEST_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "params.h"

bool init_is_pid1(void);

/* Mounts /proc and /dev and makes sure that there is a standard output. Pid 1 only. */
void init_setup(void);

/* The kernel's command line as a string. 0, or a negative errno after reporting it. */
int init_read_cmdline(char *text, size_t size);

/* Loads a module of the kernel with its options. Pid 1 only. 0, or a negative errno after
 * reporting it. */
int init_load(const char *path, const char *options);

/* The end of the program: the action for pid 1, else an exit with the status. END_KEXEC starts
 * /vmlinuz with the initramfs /guest and the command line of this kernel; a failure is reported,
 * and halts. */
_Noreturn void init_end(enum end_action action, int status);

#endif
