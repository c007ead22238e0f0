/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cases, a file per group. A case gets the first of CASE_GFNS gfns that no other case uses
 * and a pager that is attached, and leaves no page out. It returns NULL if Xen is right, else in
 * a few words what is wrong.
 */
#ifndef P2M_CASES_H
#define P2M_CASES_H

#include <stdint.h>

#define CASE_GFNS 64

struct p2m_case {
    const char *name;
    const char *what;
    const char *(*run)(uint64_t gfn);
};

/* Each ends with an entry without a name. */
extern const struct p2m_case mapping_cases[];
extern const struct p2m_case removal_cases[];
extern const struct p2m_case request_cases[];
extern const struct p2m_case guest_cases[];
extern const struct p2m_case batch_cases[];
extern const struct p2m_case pin_cases[];
extern const struct p2m_case race_cases[];
extern const struct p2m_case device_model_cases[];
extern const struct p2m_case conformance_cases[];

#endif
