/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * libxenguest with a log in which errors are kept; progress is not. For one test each.
 */
#ifndef ERRORS_SAID_H
#define ERRORS_SAID_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xenctrl.h>
#include <xentoollog.h>

static char errors_said[4096];

static void keep_error(struct xentoollog_logger *logger, xentoollog_level level, int error,
                       const char *context, const char *format, va_list args)
{
    size_t used = strlen(errors_said);

    (void)logger, (void)error, (void)context;
    if (level >= XTL_ERROR)
        vsnprintf(errors_said + used, sizeof(errors_said) - used, format, args);
}

static void no_progress(struct xentoollog_logger *logger, const char *context, const char *what,
                        int percent, unsigned long done, unsigned long total)
{
    (void)logger, (void)context, (void)what, (void)percent, (void)done, (void)total;
}

/* To be closed with xc_interface_close(). */
static xc_interface *open_libxenguest(void)
{
    static xentoollog_logger logger = {.vmessage = keep_error, .progress = no_progress};

    return xc_interface_open(&logger, &logger, XC_OPENFLAG_DUMMY);
}

#endif
