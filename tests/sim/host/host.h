/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated machine: its memory, its hypervisor, its domains. One lock guards it all, as if
 * every operation of Xen held all of Xen's locks; where Xen lets go of them in between,
 * host_gap() does.
 *
 * Functions that stand for an operation of Xen return 0 or a negative errno, as Xen's do.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xen/vm_event.h>

#include "p2m_rules.h"
#include "protocol.h"

#define PAGE_BYTES 4096u
#define SCRUBBED 0xc2 /* as a debug Xen fills free memory */
#define MAX_DOMAINS 3
#define MAX_VCPUS 4
#define FIRST_PORT 5

struct frame {
    struct p2m_use use;
    struct domain *owner;
};

/* struct vm_event_domain, and the pager's end of the event channel. */
struct ring {
    bool enabled;
    uint32_t frame;
    vm_event_front_ring_t front;
    unsigned int target_producers, foreign_producers;
    unsigned int queued;  /* vCPUs that wait for a slot */
    unsigned int blocked; /* vCPUs that were stopped because the ring was rather full */
    unsigned int last_woken;
    uint64_t nr_ignored;     /* responses of another version of the interface */
    struct channel *channel; /* NULL: nobody is bound to it */
};

struct vcpu {
    struct domain *domain;
    unsigned int id;
    pthread_t thread;
    unsigned int event_pauses; /* to be undone by responses */
    bool blocked;              /* see struct ring */
    bool in_xen;
    struct sim_registers registers; /* see processor.c */
    unsigned int nr_starts;         /* 0: it has nothing to run */
    uint64_t random;
};

struct domain {
    uint32_t id; /* 0: there is none */
    bool dying;
    unsigned int pauses; /* xc_domain_pause() */
    uint64_t nr_gfns, ring_gfn;
    struct p2m_entry *p2m;
    uint64_t tot_pages, max_pages, paged_pages;
    uint64_t page_outs, page_ins;
    uint64_t cpu_ns;      /* of vCPUs that turn round and round */
    uint32_t grant_frame; /* NO_FRAME as long as nobody wants it */
    uint64_t leaked;      /* frames that nobody has, by the fault of a stock Xen */
    uint64_t nr_refused;  /* nominations and evictions, on a stock Xen, and calls that failed */
    struct ring ring;
    unsigned int nr_vcpus;
    struct vcpu vcpus[MAX_VCPUS];
};

/* A handle of libxenevtchn. */
struct channel {
    int fd;
    struct domain *domain; /* NULL: not bound */
    bool masked, pending;
};

struct host {
    bool patched;
    uint64_t seed;
    uint32_t first_domid; /* others may live on other hosts of the same xenstored */
    bool is_quiet;        /* nobody else comes in between, see host_gap() */
    uint32_t nr_frames, nr_free;
    uint32_t withheld; /* of the free ones: somebody else has them for now */
    int memory_fd;
    char *memory;
    struct frame *frames;
    struct domain domains[MAX_DOMAINS];
    char complaint[256]; /* the first thing that went wrong */
};

extern struct host host;

/* --- host.c --- */

void host_create(bool patched, uint64_t seed, uint32_t nr_frames);
struct p2m_xen host_xen(void); /* which one the rules are asked for */
void host_lock(void);
void host_unlock(void);
void host_wait(void);              /* until somebody calls host_changed(); with the lock held */
void host_wait_ms(unsigned int n); /* likewise, but not longer than that */
void host_changed(void);

/* Now and then, lets others in. v may be NULL. */
void host_gap(struct vcpu *v, uint64_t *random);

/* Something happened that must not: the seed fails. */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A number below a bound; equal states give equal numbers. */
uint32_t draw(uint64_t *state, uint32_t below);

/* A domain all of whose gfns below nr_ram have zeroed frames. vCPUs are started by guest_start().
 */
struct domain *domain_create(uint64_t nr_ram, unsigned int nr_vcpus);
struct domain *domain_find(uint32_t domid); /* NULL if there is none, or it is dying */

/* Its vCPUs end, its memory goes. Others' references to it stay. */
void domain_kill(struct domain *d);

/* --- frames.c --- */

char *frame_page(uint32_t frame);
uint32_t frame_alloc(struct domain *d); /* with one reference; NO_FRAME if there is no memory */
void frame_get(uint32_t frame);
void frame_put(uint32_t frame);
void frame_pin(uint32_t frame); /* with a reference */
void frame_unpin(uint32_t frame);

/* One of Xen's own that a guest has access to: none of its pages. It stays. */
uint32_t frame_alloc_shared(struct domain *d);

/* --- p2m.c: the operations of p2m_rules.h. v is the vCPU that does it, NULL for dom0. --- */

struct p2m_entry *p2m_entry(struct domain *d, uint64_t gfn);
int p2m_nominate(struct domain *d, uint64_t gfn, bool granted);
int p2m_evict(struct domain *d, uint64_t gfn);
int p2m_prepare(struct domain *d, uint64_t gfn, const void *page);
void p2m_populate(struct domain *d, struct vcpu *v, uint64_t gfn);
void p2m_resume(struct domain *d, uint64_t gfn);
int p2m_cancel(struct domain *d, uint64_t gfn);
int p2m_query(struct domain *d, uint64_t gfn);
bool p2m_looks_like_a_hole(struct domain *d, uint64_t gfn); /* XEN_DOMCTL_getpageframeinfo3 */
int p2m_set_mem_type(struct domain *d, uint64_t gfn, enum p2m_type type);
int p2m_add_device(struct domain *d, uint64_t gfn);
int p2m_remove_device(struct domain *d, uint64_t gfn);
int p2m_add_page(struct domain *d, uint64_t gfn);
int p2m_remove_page(struct domain *d, struct vcpu *v, uint64_t gfn);

/* A look-up by dom0 that takes a reference: the frame, or -ENOENT (try again), -EINVAL, -EACCES. */
int64_t p2m_map(struct domain *d, uint64_t gfn, bool write);

/* An access of a vCPU. */
enum access_outcome p2m_access(struct domain *d, enum access_by by, uint64_t gfn);

/* --- vm_event.c --- */

int ring_enable(struct domain *d);
int ring_disable(struct domain *d);
int ring_claim_slot(struct domain *d, struct vcpu *v);
void ring_cancel_slot(struct domain *d, struct vcpu *v);
void ring_put_request(struct domain *d, struct vcpu *v, vm_event_request_t *request);
void ring_resume(struct domain *d);
void ring_wait_for_pager(struct vcpu *v); /* takes NULL */

int channel_bind(struct channel *channel, struct domain *d, uint64_t port);
void channel_unbind(struct channel *channel);
void channel_kick(struct channel *channel); /* takes NULL */
void channel_unmask(struct channel *channel);

/* --- vcpu.c --- */

enum access { ACCESS_READ, ACCESS_WRITE };

/*
 * An access within a page, waiting for the page as a vCPU does. Returns false if the domain is
 * dying. Without RAM there, reads give ones.
 */
bool vcpu_access(struct vcpu *v, enum access how, enum access_by by, uint64_t gfn, size_t offset,
                 void *data, size_t bytes);

/* Hypercalls of the guest's balloon. */
int vcpu_give_up(struct vcpu *v, uint64_t gfn);
int vcpu_take(struct vcpu *v, uint64_t gfn);

/* Returns false if the domain is dying, else when the vCPU may run. */
bool vcpu_wait(struct vcpu *v);
bool vcpu_is_stopped(const struct vcpu *v);

void domain_pause(struct domain *d); /* returns when no vCPU is inside Xen */
int domain_unpause(struct domain *d);

/* --- processor.c --- */

/* The vCPU's thread: runs the guest's code from its registers on. */
void *processor_run(void *vcpu);
void processor_start(struct vcpu *v, const struct sim_registers *registers);

/* --- hypercalls.c, server.c, faults.c --- */

/* Of a connection. */
struct client {
    int fd;
    struct channel *channel; /* of a handle of libxenevtchn */
    uint32_t *held;          /* frames that it has mapped */
    size_t nr_held, room;
    int descriptor; /* to be sent with the reply, or -1 */
    char *shared;   /* SIM_SHARED_BYTES, or NULL if nobody asked for them */
};

/* Carries a request out; payload may be changed into the reply's. With the lock held. */
int64_t hypercall(struct client *client, const struct sim_request *request, void *payload,
                  size_t *payload_bytes);
void client_let_go(struct client *client);

/* Serves connections to a socket at path, in threads, for ever. */
void server_start(const char *path);

/* Hypercalls fail from now on, one in rate of each kind that may; 0: none. By the seed only. */
void faults_set(uint32_t rate);
int fault_of(enum sim_op op); /* 0, or a negative errno */

/* Mistakes made on purpose, once each, at the n-th chance: a story must find them. */
enum sabotage { NO_SABOTAGE, WRONG_BYTE, FRAME_LEAKS, REQUEST_LOST, WRITE_LOST };
void sabotage_set(enum sabotage what, unsigned int chance);
bool sabotage_now(enum sabotage what);

#endif
