/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "touches.h"

#include <errno.h>
#include <time.h>

#include "clock.h"
#include "order.h"
#include "report.h"

#define AT_ONCE_US 20 /* or less: the page was there, whatever interrupted us */

/* In which dom0 writes a report down, or it would count as a delay of the next touch. */
#define REPORT_US 30000

static void rest(unsigned long us)
{
    struct timespec t = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

    while (nanosleep(&t, &t) < 0 && errno == EINTR)
        ;
}

/* Returns microseconds. */
static uint64_t touch(const uint64_t *words)
{
    uint64_t start = clock_ns();

    (void)*(const volatile uint64_t *)words;
    return (clock_ns() - start + 999) / 1000;
}

void touches_run(const struct params *params, const struct region *region)
{
    struct order order = {
        .pattern = (enum pattern)params->pattern, .pages = region->pages, .hot = region->pages};
    uint64_t delays[TOUCHES_REPORTED];
    unsigned int nr = 0;

    for (uint64_t touched = 1;; touched++) {
        rest(params->touch_us);
        delays[nr] = touch(region_page(region, order_rewrite(&order)));
        if (delays[nr] > AT_ONCE_US)
            nr++;
        if (nr < TOUCHES_REPORTED)
            continue;
        report_touches(touched, delays, nr);
        rest(REPORT_US);
        nr = 0;
        touched = 0;
    }
}
