/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store_faults.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dom0.h"

#define MAX_WORDS 24

struct scene scene = {.guest = {.nr_ram = NR_RAM, .region = NR_RAM, .writes = 50, .rests = true}};

const char *scene_path(const char *name)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", scene.dir, name);
    return path;
}

static bool runs_or_has_ended(void *arg)
{
    int *code = arg;

    *code = dom0_await_exit(scene.pager, 0);
    return *code >= 0 || dom0_node_is("running", "/libxl/%u/paging/state", scene.guest.domain->id);
}

/* It may refuse. */
void scene_start_pager(void)
{
    char store[PATH_MAX + 32], directory[PATH_MAX + 32], id[16];
    char *const args[] = {getenv("SIM_PAGER"),
                          store,
                          directory,
                          id,
                          scene.fault->is_encrypted ? "--encrypt=yes" : NULL,
                          NULL};
    int code;

    if (scene.fault->server)
        snprintf(store, sizeof(store), "--store=nbd+unix:///?socket=%s", scene_path("nbd.socket"));
    else
        snprintf(store, sizeof(store), "--store=%s", scene.store);
    snprintf(directory, sizeof(directory), "--directory=%s", scene.dir);
    snprintf(id, sizeof(id), "%u", scene.guest.domain->id);
    dom0_remove("/libxl/%u/paging/state", scene.guest.domain->id);
    scene.pager = dom0_start_pager(scene.guest.domain->id, args);
    if (!wait_until(runs_or_has_ended, &code, PATIENCE_MS))
        complain("the pager neither runs nor ends");
    if (code >= 0)
        scene.pager = 0;
}

void scene_kill_pager(void)
{
    if (scene.pager)
        dom0_kill_pager(scene.pager);
    scene.pager = 0;
}

static bool server_listens(void *arg)
{
    (void)arg;
    return !access(scene_path("nbdkit.pid"), F_OK);
}

void scene_start_server(void)
{
    char socket[PATH_MAX], pid[PATH_MAX], words[PATH_MAX * 3];
    char *args[MAX_WORDS] = {"/usr/bin/env", "nbdkit", "-f", "--exit-with-parent",
                             "-U",           socket,   "-P", pid};
    int nr = 8;

    snprintf(socket, sizeof(socket), "%s", scene_path("nbd.socket"));
    snprintf(pid, sizeof(pid), "%s", scene_path("nbdkit.pid"));
    unlink(socket);
    unlink(pid);
    snprintf(words, sizeof(words), scene.fault->server, scene.dir, scene.dir,
             scene.dir); /* NOLINT */
    for (char *word = strtok(words, " "); word && nr < MAX_WORDS - 1; word = strtok(NULL, " "))
        args[nr++] = word;
    scene.server = dom0_start_program(args);
    if (!wait_until(server_listens, NULL, PATIENCE_MS))
        errx(1, "nbdkit does not start");
}

void scene_kill_server(void)
{
    kill(scene.server, SIGKILL);
    dom0_await_exit(scene.server, PATIENCE_MS);
}
