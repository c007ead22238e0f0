/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options and exit codes; the process as the system sees it. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"
#include "options.h"
#include "privileges.h"
#include "successor.h"
#include "supervisor.h"

static void lock_memory(void)
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
        log_warning("cannot lock our memory: %s; page-ins may wait for it", strerror(errno));
}

/* In a process of its own, unless nobody supervises it. */
static int work(void *arg, struct supervised *supervised, const struct store_secret *secret)
{
    struct daemon d = {.options = arg, .supervised = supervised, .secret = secret};
    bool started;

    lock_memory();
    started = !daemon_start(&d);
    if (started) {
        privileges_filter_calls();
        daemon_run(&d);
    } else {
        log_error("%s", d.message);
    }
    daemon_clean_up(&d);
    return started && d.ending != NOT_ENDED ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Where this program is, or whatever takes its place there. */
static const char *own_path(const char *name)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

    return length > 0 ? path : name;
}

/* Before anything is started, so that all of it goes where it shall. */
static int choose_cpus(const struct options *options)
{
    int rc = options->has_cpus ? cpus_use(&options->cpus) : 0;

    if (rc == -EINVAL)
        log_error("--cpus: dom0 has none of these processors");
    else if (rc)
        log_error("--cpus: cannot keep to these processors: %s", strerror(-rc));
    return rc;
}

int main(int argc, char **argv)
{
    struct options options;
    char message[512];

    if (options_parse(&options, argc, argv, message, sizeof(message))) {
        log_error("%s", message);
        return EXIT_FAILURE;
    }
    if (options.help || options.version) {
        fputs(options.help ? options_usage() : successor_version(), stdout);
        return EXIT_SUCCESS;
    }
    log_set_domid(options.domid);
    log_set_level(options.log_level);
    if (choose_cpus(&options))
        return EXIT_FAILURE;
    privileges_drop();
    if (options.no_supervisor)
        return work(&options, NULL, NULL);
    return supervisor_run(options.domid, work, &options, own_path(argv[0]), argv);
}
