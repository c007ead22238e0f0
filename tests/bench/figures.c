/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *part_name, *case_name;

void figures_of(const char *part, const char *name)
{
    part_name = part;
    case_name = name;
}

void put_figure(const char *figure, double value)
{
    printf("%s\t%s\t%s\t", part_name, case_name, figure);
    if (isnan(value))
        puts("-");
    else
        printf("%.6g\n", value);
    fflush(stdout);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

void put_delays(const char *what, double *us, size_t n)
{
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p10", 0.1}, {"p25", 0.25}, {"p50", 0.5},     {"p75", 0.75},
                     {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}};
    char figure[64];

    qsort(us, n, sizeof(*us), compare);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        size_t rank = (size_t)ceil((double)n * quantiles[i].share);

        snprintf(figure, sizeof(figure), "%s-%s-us", what, quantiles[i].name);
        put_figure(figure, us[rank ? rank - 1 : 0]);
    }
}
