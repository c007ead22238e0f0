/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "small_thread.h"

#include <signal.h>

#define STACK_BYTES (256 * 1024)

int small_thread_create(pthread_t *thread, void *(*main)(void *arg), void *arg)
{
    sigset_t all, old;
    pthread_attr_t attr;
    int rc;

    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    rc = pthread_create(thread, &attr, main, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return -rc;
}
