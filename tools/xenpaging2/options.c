/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "one_line.h"
#include "settings.h"

#define MAX_DOMID 0x7fefu /* below DOMID_FIRST_RESERVED (xen/xen.h) */

static const struct option long_options[] = {
    {"store", required_argument, NULL, 's'},
    {"directory", required_argument, NULL, 's'},
    {"policy", required_argument, NULL, 's'},
    {"target", required_argument, NULL, 's'},
    {"target-min", required_argument, NULL, 's'},
    {"store-max", required_argument, NULL, 's'},
    {"compression", required_argument, NULL, 's'},
    {"nbd-connections", required_argument, NULL, 's'},
    {"encrypt", required_argument, NULL, 's'},
    {"cpus", required_argument, NULL, 'c'},
    {"no-supervisor", no_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

const char *options_usage(void)
{
    return "Usage: xenpaging2 [OPTION]... DOMID\n"
           "Pages memory of the HVM or PVH guest DOMID out to a store, and back in on demand.\n"
           "\n"
           "      --store=STORE       where the pages go: a file or block device (/PATH), an NBD\n"
           "                          server (nbd://...), memory (memory[:SIZE]), or first there\n"
           "                          and then elsewhere (memory:SIZE,/PATH)\n"
           "      --directory=PATH    where the file goes if there is no --store, and the\n"
           "                          index of a device or a server\n"
           "      --policy=NAME       which pages go first: clock, random, sweep\n"
           "      --target=KIB        how much may stay in memory; 0: all of it. Without it,\n"
           "                          /local/domain/DOMID/memory/target-tot_pages is followed\n"
           "      --target-min=KIB    no target goes below this\n"
           "      --store-max=KIB     the store grows no larger than this; 0: no limit\n"
           "      --compression=NAME  of pages in memory: lz4, zstd\n"
           "      --nbd-connections=N to an NBD server that allows several; 1 to 16\n"
           "      --encrypt=yes|no    what goes to a file, a device or a server; yes for servers\n"
           "                          and no for others if it is not given\n"
           "      --cpus=LIST         run on these of dom0's processors only, as in 0,2-3\n"
           "      --no-supervisor     one process, that nobody starts anew if it dies\n"
           "  -v, --verbose           say what happens to each request\n"
           "  -q, --quiet             say warnings and errors only\n"
           "  -h, --help              print this and exit\n"
           "  -V, --version           print the version and exit\n"
           "\n"
           "The long options with a value can also be set in xenstore, as nodes of the same names\n"
           "below /libxl/DOMID/paging (except for target and cpus). See xenpaging2(8).\n";
}

static int parse_domid(struct options *options, const char *text, char *message, size_t size)
{
    char *end;
    unsigned long domid;

    errno = 0;
    domid = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || domid > MAX_DOMID) {
        snprintf(message, size, "DOMID: '%.*s%s' is not allowed (allowed: a number from 1 to %u)",
                 SHOWN(text), MAX_DOMID);
        return -EINVAL;
    }
    if (domid == 0) {
        snprintf(message, size, "DOMID: 0 is dom0 itself, which cannot be paged");
        return -EINVAL;
    }
    options->domid = (uint32_t)domid;
    return 0;
}

static int add_setting(struct options *options, const char *key, const char *value, char *message,
                       size_t size)
{
    if (options->nr_settings == OPTIONS_MAX_SETTINGS) {
        snprintf(message, size, "--%s: too many options (allowed: %d)", key, OPTIONS_MAX_SETTINGS);
        return -EINVAL;
    }
    options->settings[options->nr_settings].key = key;
    options->settings[options->nr_settings].value = value;
    options->nr_settings++;
    return 0;
}

static int set_cpus(struct options *options, const char *text, char *message, size_t size)
{
    options->has_cpus = cpus_parse(&options->cpus, text);
    if (options->has_cpus)
        return 0;
    snprintf(
        message, size,
        "--cpus: '%.*s%s' is not allowed (allowed: numbers from 0 to %d and ranges of them, as "
        "in 0,2-3)",
        SHOWN(text), CPU_SETSIZE - 1);
    return -EINVAL;
}

static int bad_option(char **argv, char *message, size_t size)
{
    const char *option = argv[optind - 1];

    if (!strncmp(option, "--", 2) && strchr(option, '='))
        snprintf(message, size, "%.*s%s: unknown option, or it takes no value (see --help)",
                 SHOWN(option));
    else if (optopt)
        snprintf(message, size, "-%c: unknown option (see --help)", optopt);
    else
        snprintf(message, size, "%.*s%s: unknown option (see --help)", SHOWN(option));
    return -EINVAL;
}

static int parse(struct options *options, int argc, char **argv, char *message, size_t size)
{
    int c, which = 0, rc = 0;

    opterr = 0;
    optind = 0; /* getopt_long() starts afresh */
    while (!rc && (c = getopt_long(argc, argv, ":vqhV", long_options, &which)) != -1) {
        if (c == 's')
            rc = add_setting(options, long_options[which].name, optarg, message, size);
        else if (c == 'v')
            options->log_level = LOG_LEVEL_DEBUG;
        else if (c == 'q')
            options->log_level = LOG_LEVEL_WARNING;
        else if (c == 'c')
            rc = set_cpus(options, optarg, message, size);
        else if (c == 'n')
            options->no_supervisor = true;
        else if (c == 'h')
            options->help = true;
        else if (c == 'V')
            options->version = true;
        else if (c == ':') {
            snprintf(message, size, "%s: its value is missing (see --help)", argv[optind - 1]);
            rc = -EINVAL;
        } else
            rc = bad_option(argv, message, size);
    }
    if (rc || options->help || options->version)
        return rc;
    if (optind + 1 != argc) {
        snprintf(message, size, "DOMID: %s (see --help)",
                 optind == argc ? "is missing" : "more than one given");
        return -EINVAL;
    }
    return parse_domid(options, argv[optind], message, size);
}

int options_parse(struct options *options, int argc, char **argv, char *message, size_t size)
{
    int rc;

    *options = (struct options){.log_level = LOG_LEVEL_INFO};
    rc = parse(options, argc, argv, message, size);
    if (rc)
        one_line(message);
    return rc;
}

int options_apply(const struct options *options, struct settings *settings, char *message,
                  size_t size)
{
    for (unsigned int i = 0; i < options->nr_settings; i++) {
        char why[256];
        int rc = settings_set(settings, options->settings[i].key, options->settings[i].value, why,
                              sizeof(why));

        if (rc) {
            snprintf(message, size, "--%s", why);
            return rc;
        }
    }
    return 0;
}
