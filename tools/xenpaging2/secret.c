/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "locked_memory.h"
#include "log.h"
#include "store_seal.h"

#define LEFT "XENPAGING2_SECRET" /* in the environment: the number of a descriptor */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/*
 * The environment is the user's. What is no memfd of this kind was not left by us, and stays. Some
 * kernels add a seal of their own.
 */
static int fd_that_was_left(void)
{
    const char *text = getenv(LEFT);
    int fd = text ? (int)strtol(text, NULL, 10) : -1;
    int seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;

    return seals >= 0 && (seals & SEALS) == SEALS ? fd : -1;
}

/* Another version's may be of another size. */
static bool take_what_was_left(struct store_secret *secret)
{
    int fd = fd_that_was_left();
    bool taken = fd >= 0 && lseek(fd, 0, SEEK_END) == sizeof(*secret) &&
                 pread(fd, secret, sizeof(*secret), 0) == sizeof(*secret);

    if (!taken && getenv(LEFT))
        log_warning("the key that was left to us is none: what is encrypted cannot be read");
    secret_withdraw();
    return taken;
}

struct store_secret *secret_create(bool *was_left)
{
    struct store_secret *secret = locked_alloc(sizeof(*secret));
    int rc;

    if (!secret)
        return NULL;
    *was_left = take_what_was_left(secret);
    rc = *was_left ? 0 : store_secret_draw(secret);
    if (!rc)
        return secret;
    secret_destroy(secret);
    errno = -rc;
    return NULL;
}

void secret_destroy(struct store_secret *secret)
{
    if (!secret)
        return;
    explicit_bzero(secret, sizeof(*secret));
    locked_free(secret, sizeof(*secret));
}

static int fill(int fd, const struct store_secret *secret)
{
    char number[16];

    errno = 0;
    if (write(fd, secret, sizeof(*secret)) != sizeof(*secret))
        return errno ? -errno : -ENOSPC;
    snprintf(number, sizeof(number), "%d", fd);
    return fcntl(fd, F_ADD_SEALS, SEALS) || setenv(LEFT, number, 1) ? -errno : 0;
}

int secret_leave(const struct store_secret *secret)
{
    int rc, fd = memfd_create("xenpaging2", MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    rc = fill(fd, secret);
    if (rc)
        close(fd);
    return rc;
}

void secret_withdraw(void)
{
    int fd = fd_that_was_left();

    if (fd >= 0)
        close(fd);
    unsetenv(LEFT);
}
