/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "growth.h"

#include <dirent.h>
#include <stdio.h>

#include "dom0.h"
#include "host.h"

/* What an allocator may lose by fragmentation, and the parts of tables that are made with time. */
#define SOME_KIB 1024

static unsigned long resident_kib(pid_t pid)
{
    char path[64], line[128];
    unsigned long kib = 0;
    FILE *status;

    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    status = fopen(path, "r");
    while (status && !kib && fgets(line, sizeof(line), status))
        sscanf(line, "VmRSS: %lu kB", &kib);
    if (status)
        fclose(status);
    return kib;
}

static unsigned long open_files(pid_t pid)
{
    char path[64];
    unsigned long nr = 0;
    DIR *fds;

    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    fds = opendir(path);
    for (struct dirent *entry; fds && (entry = readdir(fds));)
        nr += entry->d_name[0] != '.';
    if (fds)
        closedir(fds);
    return nr;
}

static void keep_most(unsigned long *most, unsigned long now)
{
    *most = now > *most ? now : *most;
}

void growth_look(struct growth *growth, pid_t pid)
{
    bool late = now_ms() > growth->begin_ms + (growth->end_ms - growth->begin_ms) / 2;

    keep_most(&growth->most[late].kib, resident_kib(pid));
    keep_most(&growth->most[late].files, open_files(pid));
}

void growth_judge(const struct growth *growth, const char *name)
{
    const struct holding *early = &growth->most[0], *late = &growth->most[1];

    printf("%s: at most %lu KiB and %lu files in the first half, %lu KiB and %lu files in the "
           "second\n",
           name, early->kib, early->files, late->kib, late->files);
    if (!early->kib || !late->kib)
        complain("%s was not looked at in both halves", name);
    if (late->kib > early->kib + SOME_KIB || late->files > early->files)
        complain("%s has grown from %lu KiB and %lu files to %lu KiB and %lu files", name,
                 early->kib, early->files, late->kib, late->files);
}
