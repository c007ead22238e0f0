/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The batch operation of a patched Xen. The numbers are those of its xen/memory.h, which the
 * headers of the Xen that this is built with do not have.
 */
#ifndef P2M_BATCH_H
#define P2M_BATCH_H

#include <stddef.h>
#include <stdint.h>

#define BATCH_MAX 1024

enum batch_op {
    BATCH_NOMINATE,
    BATCH_EVICT,
    BATCH_PREP,
    BATCH_CANCEL,
    BATCH_QUERY,
    BATCH_INVALIDATE,
    BATCH_NO_SUCH_OP = 99
};

enum batch_state {
    STATE_NONE,
    STATE_RESIDENT,
    STATE_NOMINATED,
    STATE_PAGED,
    STATE_WANTED,
    STATE_RETURNING
};

struct batch_entry {
    uint64_t gfn;
    uint64_t buffer; /* an address, or 0 */
    uint32_t op;
    int32_t rc;
};

/* Memory for the entries and buffers of a batch; Xen cannot use any other. */
void *batch_alloc(size_t size);

/* One call for domain DOMID; what it returned, without a report. */
int batch_call(uint32_t domid, const void *entries, size_t nr);

/* NULL, or that this Xen has no batch operation. */
const char *batch_absent(void);

/* One entry in a call of its own, reported; its outcome. Ends the program if the call fails. */
int batch_one(const char *what, enum batch_op op, uint64_t gfn, void *buffer);

#endif
