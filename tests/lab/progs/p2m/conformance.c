/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the rows. A row's result is a word for each step, then how the counts of resident and of
 * paged pages have changed, then the requests that were in the ring.
 */
#include "conformance.h"

#include <stdio.h>
#include <string.h>

#include "bare.h"
#include "batch.h"
#include "cases.h"
#include "report.h"
#include "xen.h"

#define MAX_RESULT 400

/* Takes the steps one after the other and appends what comes of each to RESULT. */
static void take_steps(const char *steps, char *result)
{
    char words[MAX_RESULT], *rest = NULL;

    snprintf(words, sizeof(words), "%s", steps);
    for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        size_t length = strlen(result);

        snprintf(result + length, MAX_RESULT - length, "%s ", steps_take(word));
    }
}

static void run_row(const struct row *row, uint64_t gfn, uint64_t code, char *result)
{
    struct xen_counts before, after;
    size_t length;

    steps_begin(gfn, code);
    before = xen_counts();
    result[0] = 0;
    take_steps(row->steps, result);
    after = xen_counts();
    length = strlen(result);
    snprintf(result + length, MAX_RESULT - length, "| %+ld %+ld |%s",
             after.resident - before.resident, after.paged - before.paged, steps_requests());
    steps_end();
}

/* What the table says; NULL if the row is not to be run. */
static const char *expected_of(const struct row *row, bool stock)
{
    return stock || row->patched == SAME ? row->stock : row->patched;
}

static const char *conformance(uint64_t gfn)
{
    static char why[2 * MAX_RESULT];
    const bool stock = batch_absent() != NULL;
    uint64_t page = gfn + CONFORMANCE_ROWS;
    unsigned int nr = 0;

    for (const struct row *row = conformance_rows; row->name; row++, page++) {
        const char *expected = expected_of(row, stock);
        char result[MAX_RESULT];

        if (page == gfn + CONFORMANCE_GFNS)
            inconclusive("too many rows");
        if (!expected)
            continue;
        run_row(row, page, gfn, result);
        printf("ROW %s: %s: %s\n", row->name, row->steps, result);
        nr++;
        if (strcmp(result, expected) != 0) {
            printf("DIFFERS %s: expected was: %s\n", row->name, expected);
            if (!why[0])
                snprintf(why, sizeof(why), "row %s: %s: \"%s\" in place of \"%s\"", row->name,
                         row->steps, result, expected);
        }
    }
    remark("%u rows", nr);
    return why[0] ? why : NULL;
}

const struct p2m_case conformance_cases[] = {
    {"conformance", "sequences of operations come out as on a real Xen", conformance}, {0}};
