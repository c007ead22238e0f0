/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * simxen DIR stock|patched STORY...: a simulated host in the directory DIR, which is empty, on
 * which a story is told: demo, supervised [OPTION], clean-pages [OPTION], old-pager-hangs PROGRAM,
 * old-pager-works PROGRAM, stock-loses-writes, store-fault NAME, run PROGRAM ARG...
 *
 * simxen DIR stock|patched|either seeds|kills SEED|FIRST-LAST...: a host for each of these.
 *
 * From the environment: SIM_XENSTORED, SIM_SHIM (to be preloaded into it), SIM_LIBRARIES (the
 * directory of the simulated libraries), SIM_PAGER; SIM_JOBS, how many seeds at a time; SIM_STOP,
 * if the first that fails is enough; SIM_PATIENCE_MS with what must happen in a seed's story;
 * SIM_SECONDS, for which it goes on at least, and its pagers are watched: do they grow?
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "story.h"

/* "N" or "N:CHANCE". Usually things are under way when it is made. */
static void set_sabotage(const char *text)
{
    enum sabotage what;
    char *rest;

    if (!text)
        return;
    what = (enum sabotage)strtoul(text, &rest, 10);
    sabotage_set(what, *rest ? (unsigned int)strtoul(rest + 1, NULL, 10) : 100);
}

int main(int argc, char **argv)
{
    enum kind kind = STOCK;
    bool patched;

    if (argc < 4)
        errx(2, "usage: simxen DIR stock|patched STORY...");
    if (!strcmp(argv[2], "patched"))
        kind = PATCHED;
    else if (!strcmp(argv[2], "either"))
        kind = EITHER;
    patched = kind == PATCHED;
    set_sabotage(getenv("SIM_SABOTAGE"));
    if (!strcmp(argv[3], "demo"))
        return story_demo(argv[1], patched);
    if (!strcmp(argv[3], "seeds") && argc > 4)
        return story_seeds(argv[1], kind, argv + 4);
    if (!strcmp(argv[3], "supervised"))
        return story_supervised(argv[1], patched, argv[4]);
    if (!strcmp(argv[3], "clean-pages"))
        return story_clean_pages(argv[1], patched, argv[4]);
    if (!strcmp(argv[3], "store-fault") && argc == 5)
        return story_store_fault(argv[1], argv[4]);
    if (!strcmp(argv[3], "kills") && argc > 4)
        return story_kills(argv[1], kind, argv + 4);
    if (!strcmp(argv[3], "old-pager-hangs") && argc == 5)
        return story_old_pager_hangs(argv[1], argv[4]);
    if (!strcmp(argv[3], "old-pager-works") && argc == 5)
        return story_old_pager_works(argv[1], argv[4]);
    if (!strcmp(argv[3], "run") && argc > 4)
        return story_run(argv[1], patched, argv + 4);
    if (!strcmp(argv[3], "stock-loses-writes"))
        return story_stock_loses_writes(argv[1]);
    errx(2, "no such story: %s", argv[3]);
}
