/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the libraries say to the simulated host, over a Unix socket whose path is in $SIMXEN: a
 * request and its payload, a reply and its payload. Each handle that a program opens is a
 * connection of its own; what it holds is let go when the connection ends.
 */
#ifndef SIM_PROTOCOL_H
#define SIM_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

enum sim_op {
    SIM_MEMORY, /* replies with the descriptor of the machine's memory; of SIM_SHARED_BYTES that
                   belong to the connection, if arg */
    SIM_DOMAIN_INFO, /* payload of the reply: struct sim_domain_info of the first domain >= domid */
    SIM_FREE_PAGES,  /* returns the number of free pages of the host */
    SIM_MAX_GPFN,    /* returns it */
    SIM_RING_GFN,    /* returns HVM_PARAM_PAGING_RING_PFN */
    SIM_PAUSE,       /* of the domain */
    SIM_UNPAUSE,     /* likewise */
    SIM_FRAME_INFO,  /* payload: gfns; reply: a uint64_t for each, XEN_DOMCTL_PFINFO_* */
    SIM_SET_MEM_TYPE, /* of gfn, to arg: an hvmmem_type_t */
    SIM_POPULATE,     /* gives gfn a frame */
    SIM_DECREASE,     /* takes it away */
    SIM_DEVICE,       /* maps a device's page at gfn, if arg; else takes it away */
    SIM_LOG_DIRTY,
    SIM_GRANT_TABLE, /* returns the frame of the guest's grant table */
    SIM_SET_VCPU,    /* payload: struct sim_registers of vCPU 0 */
    SIM_ENABLE,      /* returns Xen's port */
    SIM_DISABLE,
    SIM_RESUME,      /* looks at the responses, as a notification makes it do */
    SIM_NOMINATE,    /* of gfn */
    SIM_EVICT,       /* likewise */
    SIM_PREP,        /* likewise; payload: the page, or nothing */
    SIM_BATCH,       /* payload: struct sim_batch_entry; reply: the same, and the pages */
    SIM_MAP,         /* payload: gfns; reply: an int64_t for each, its frame or a negative errno */
    SIM_UNMAP,       /* payload: frames, as uint64_t */
    SIM_EVTCHN_OPEN, /* replies with the eventfd to wait for */
    SIM_EVTCHN_BIND, /* to port arg of the domain; returns the local port */
    SIM_EVTCHN_UNMASK,
    SIM_EVTCHN_NOTIFY,
    SIM_NR_OPS,
};

struct sim_request {
    uint32_t op;
    uint32_t domid;
    uint64_t gfn;
    uint64_t arg; /* SIM_MAP: whether to write */
    uint64_t payload_bytes;
};

struct sim_reply {
    int64_t rc; /* >= 0, or a negative errno */
    uint64_t payload_bytes;
};

struct sim_domain_info {
    uint32_t domid;
    uint32_t dying;
    uint64_t tot_pages, max_pages, paged_pages;
    uint32_t max_vcpu_id;
    uint32_t paused;
    uint64_t cpu_ns;
    uint8_t uuid[16];
};

/* Of a processor in 32-bit mode. */
struct sim_registers {
    uint32_t eip, eax, ebx, esi, edi, esp;
};

enum sim_buffer { SIM_NO_BUFFER, SIM_BUFFER, SIM_BAD_BUFFER /* at a wrong address */ };

struct sim_batch_entry {
    uint64_t gfn;
    uint32_t op;
    int32_t rc;
    uint32_t buffer; /* enum sim_buffer: the caller's */
    uint64_t page;   /* where in the shared memory it is, in bytes */
};

/* Room for copies of a batch's pages, and for all that a program has of such buffers. */
#define SIM_COPIES_BYTES ((size_t)4 << 20)
#define SIM_SHARED_BYTES ((size_t)16 << 20)

#endif
