/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest whose store goes wrong, and what may go wrong with it. */
#ifndef SIM_STORE_FAULTS_H
#define SIM_STORE_FAULTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest.h"

#define PATIENCE_MS 60000
#define NR_RAM 440u

struct fault {
    const char *name;
    const char *server;  /* words of nbdkit's; NULL: the store is a file */
    void (*begin)(void); /* NULL: it is there from the start */
    void (*mend)(void);  /* NULL: nobody can */
    uint64_t byte;       /* of the index, that begin() or mend() is about */
    const char *option;  /* of a mount, likewise, or what the store's shim does */
    bool is_short;       /* it is mended before the pager gives up */
    bool is_encrypted;   /* the store, which is a file */
};

extern struct scene {
    const struct fault *fault;
    const char *dir;
    char store[PATH_MAX], index[PATH_MAX + 16];
    pid_t pager, server; /* 0: there is none */
    struct guest guest;
} scene;

/* --- store_faults_scene.c --- */

/* Of a file in the story's directory; valid until the next call. */
const char *scene_path(const char *name);

/* Waits until the pager runs, or has refused to: then there is none. */
void scene_start_pager(void);

/* Both of its processes, if there is one. */
void scene_kill_pager(void);

void scene_start_server(void);
void scene_kill_server(void);

/* --- store_faults_kinds.c --- */

/* The row of the table; without one, this program ends. */
const struct fault *fault_find(const char *name);

/* Before the pager is started: the store of scene.fault. */
void fault_prepare_store(void);

#endif
