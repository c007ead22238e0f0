/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "own_time.h"

#include <stdbool.h>

#include "shared_file.h"

static struct own_time *own;

__attribute__((constructor)) static void read_environment(void)
{
    own = shared_file_open("SIM_OWN_TIME", sizeof(*own));
}

static bool somebody_waits(void)
{
    return own && __atomic_load_n(&own->asked_ns, __ATOMIC_SEQ_CST) && !own->answered_ns;
}

uint64_t own_time_call(void)
{
    return own ? own_time_ns() : 0;
}

void own_time_called(uint64_t start_ns)
{
    const uint64_t now_ns = own ? own_time_ns() : 0;

    if (own)
        own->all_waited_ns += now_ns - start_ns;
    if (somebody_waits())
        own->waited_ns += now_ns - (start_ns > own->begun_ns ? start_ns : own->begun_ns);
}

void own_time_woke(uint64_t start_ns)
{
    if (somebody_waits() && start_ns <= own->asked_ns)
        own->begun_ns = own_time_ns();
}

void own_time_answered(void)
{
    if (somebody_waits())
        own->answered_ns = own_time_ns();
}
