/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated host's dom0: xenstored, the nodes that the toolstack makes, and pagers as
 * processes. What cannot be done ends this program with a message.
 */
#ifndef SIM_DOM0_H
#define SIM_DOM0_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Starts xenstored alone, in a directory that stays: for stories to share it that are told after
 * this, in this process or in others that it forks. */
void dom0_start_xenstored(const char *dir);

/* Starts xenstored, unless there is one, and the server in dir. */
void dom0_start(const char *dir);

/* Makes a domain known to xenstore, and lets it be known that it is gone. */
void dom0_introduce(uint32_t domid);
void dom0_release(uint32_t domid);

/* Takes a node away. */
void dom0_remove(const char *path, ...) __attribute__((format(printf, 1, 2)));

/* The same as dom0_release(), and what the pager left in xenstore goes, too. */
void dom0_forget(uint32_t domid);

/* Node of a printf()ed path. */
void dom0_write(const char *value, const char *path, ...) __attribute__((format(printf, 2, 3)));
bool dom0_node_is(const char *value, const char *path, ...) __attribute__((format(printf, 2, 3)));
uint64_t dom0_number(const char *path, ...) __attribute__((format(printf, 1, 2)));

/* Sets a target, in pages. */
void dom0_set_target(uint32_t domid, uint64_t pages);

/* Starts a program, which shares this one's output and finds the simulated libraries. */
pid_t dom0_start_program(char *const args[]);

/*
 * Starts a pager, with DIR/pager-DOMID.log for what it says, and what it must not inherit left
 * out. args end with NULL.
 */
pid_t dom0_start_pager(uint32_t domid, char *const args[]);

/* Starts the project's pager for a domain, with one more option or NULL; waits until it runs. */
pid_t dom0_spawn_xenpaging2(uint32_t domid, const char *policy, const char *option);
pid_t dom0_start_xenpaging2(uint32_t domid, const char *policy, const char *option);

/* The only child of a process, or 0. */
pid_t dom0_child_of(pid_t pid);

/* Kills both processes of a pager, and waits until they have ended: what they had locked is free.
 */
void dom0_kill_pager(pid_t pid);

/* Likewise, one whose supervisor has been killed; 0 is none. */
void dom0_kill_worker(pid_t pid);

/* Its exit code, 256 plus the signal that ended it, or -1 if it does not end within ms. */
int dom0_await_exit(pid_t pid, unsigned int ms);

/* Looks every few ms until is(arg), up to ms, or until a complaint. Returns whether it is. */
bool wait_until(bool (*is)(void *arg), void *arg, unsigned int ms);

uint64_t now_ms(void);

#endif
