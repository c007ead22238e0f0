/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "waiting.h"

#include <pthread.h>
#include <unistd.h>

int __real_pthread_join(pthread_t thread, void **result);
int __real_usleep(useconds_t us);

int __wrap_pthread_join(pthread_t thread, void **result);
int __wrap_usleep(useconds_t us);

void (*before_join)(void);
static _Atomic uint64_t us_waited;

int __wrap_pthread_join(pthread_t thread, void **result)
{
    if (before_join)
        before_join();
    return __real_pthread_join(thread, result);
}

int __wrap_usleep(useconds_t us)
{
    us_waited += us;
    return __real_usleep(us);
}

uint64_t waited_us(void)
{
    return us_waited;
}
