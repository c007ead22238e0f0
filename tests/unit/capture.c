/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "capture.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int said = -1, before = -1;
static char text[65536];
static bool quiet;

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (fd == STDERR_FILENO && quiet)
        return (ssize_t)size;
    return __real_write(fd, data, size);
}

void be_quiet(bool on)
{
    quiet = on;
}

void capture_begin(void)
{
    fflush(stderr);
    before = dup(STDERR_FILENO);
    said = memfd_create("stderr", MFD_CLOEXEC);
    assert_true(before >= 0 && said >= 0);
    assert_int_equal(dup2(said, STDERR_FILENO), STDERR_FILENO);
}

const char *capture_end(void)
{
    ssize_t len;

    fflush(stderr);
    len = pread(said, text, sizeof(text) - 1, 0);
    dup2(before, STDERR_FILENO);
    close(before);
    close(said);
    assert_true(len >= 0);
    text[len] = '\0';
    return text;
}

unsigned int nr_lines(const char *lines)
{
    unsigned int nr = 0;

    for (; (lines = strchr(lines, '\n')); lines++)
        nr++;
    return nr;
}
