/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options and exit codes; the process as the system sees it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon.h"
#include "log.h"
#include "options.h"
#include "privileges.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

static void lock_memory(void)
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
        log_warning("cannot lock our memory: %s; page-ins may wait for it", strerror(errno));
}

static int run(struct daemon *d)
{
    bool started;

    privileges_drop();
    lock_memory();
    started = !daemon_start(d);
    if (started) {
        privileges_filter_calls();
        daemon_run(d);
    } else {
        log_error("%s", d->message);
    }
    daemon_clean_up(d);
    return started && d->ending != NOT_ENDED ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options;
    struct daemon d = {.options = &options};

    if (options_parse(&options, argc, argv, d.message, sizeof(d.message))) {
        log_error("%s", d.message);
        return EXIT_FAILURE;
    }
    if (options.help || options.version) {
        fputs(options.help ? options_usage() : "xenpaging2 " VERSION "\n", stdout);
        return EXIT_SUCCESS;
    }
    log_set_domid(options.domid);
    log_set_level(options.log_level);
    return run(&d);
}
