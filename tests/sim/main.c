/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * simxen DIR stock|patched STORY...: a simulated host in the directory DIR, which is empty, on
 * which a story is told: "demo".
 *
 * From the environment: SIM_XENSTORED, SIM_SHIM (to be preloaded into it), SIM_LIBRARIES (the
 * directory of the simulated libraries), SIM_PAGER.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "story.h"

int main(int argc, char **argv)
{
    bool patched;

    if (argc < 4)
        errx(2, "usage: simxen DIR stock|patched STORY...");
    patched = !strcmp(argv[2], "patched");
    if (!strcmp(argv[3], "demo"))
        return story_demo(argv[1], patched);
    errx(2, "no such story: %s", argv[3]);
}
