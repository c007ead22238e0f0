/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. */
#ifndef XENPAGING2_OPTIONS_H
#define XENPAGING2_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpus.h"
#include "log.h"

struct settings;

#define OPTIONS_MAX_SETTINGS 16

struct options {
    uint32_t domid;
    enum log_level log_level;
    bool help;
    bool version;
    bool no_supervisor; /* one process, whose death nobody makes up for */
    bool has_cpus;
    cpu_set_t cpus; /* those of dom0 to run on, if has_cpus */

    /* Settings given as --key value, in order; the strings are argv's. */
    unsigned int nr_settings;
    struct {
        const char *key;
        const char *value;
    } settings[OPTIONS_MAX_SETTINGS];
};

/* Returns 0, or -EINVAL with one line for the user in message (size bytes). */
int options_parse(struct options *options, int argc, char **argv, char *message, size_t size);

/* Puts the settings of the command line over those that are there. */
int options_apply(const struct options *options, struct settings *settings, char *message,
                  size_t size);

/* What --help prints. */
const char *options_usage(void);

#endif
