/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"

#define GAP_ONE_IN 8
#define GAP_US 60

struct host host = {.first_domid = 1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void host_create(bool patched, uint64_t seed, uint32_t nr_frames)
{
    host.patched = patched;
    host.seed = seed;
    host.nr_frames = host.nr_free = nr_frames;
    host.frames = calloc(nr_frames, sizeof(*host.frames));
    host.memory_fd = memfd_create("machine", MFD_CLOEXEC);
    if (host.memory_fd < 0 || ftruncate(host.memory_fd, (off_t)nr_frames * PAGE_BYTES))
        abort();
    host.memory = mmap(NULL, (size_t)nr_frames * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
                       host.memory_fd, 0);
    if (host.memory == MAP_FAILED || !host.frames)
        abort();
}

struct p2m_xen host_xen(void)
{
    return (struct p2m_xen){.patched = host.patched, .drops_what_is_out = host.patched};
}

void host_lock(void)
{
    pthread_mutex_lock(&lock);
}

void host_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void host_wait(void)
{
    pthread_cond_wait(&changed, &lock);
}

void host_wait_ms(unsigned int n)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += n / 1000;
    end.tv_nsec += n % 1000 * 1000000L;
    if (end.tv_nsec >= 1000000000L) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&changed, &lock, &end);
}

void host_changed(void)
{
    pthread_cond_broadcast(&changed);
}

/* A vCPU that is inside Xen goes on even if it is paused meanwhile. */
void host_gap(struct vcpu *v, uint64_t *random)
{
    if (host.is_quiet || draw(random, GAP_ONE_IN))
        return;
    if (v)
        v->in_xen = true;
    host_unlock();
    usleep(draw(random, GAP_US));
    host_lock();
    if (v) {
        v->in_xen = false;
        host_changed();
    }
}

void complain(const char *fmt, ...)
{
    va_list args;

    if (host.complaint[0])
        return;
    va_start(args, fmt);
    vsnprintf(host.complaint, sizeof(host.complaint), fmt, args);
    va_end(args);
}

uint32_t draw(uint64_t *state, uint32_t below)
{
    return (uint32_t)(pattern_mix((*state)++) >> 32) % below;
}

/* --- Domains. --- */

/* The page of the ring is apart from the RAM, as the toolstack puts it. */
struct domain *domain_create(uint64_t nr_ram, unsigned int nr_vcpus)
{
    struct domain *d = host.domains;

    while (d->id)
        d++;
    d->id = host.first_domid + (uint32_t)(d - host.domains);
    d->ring_gfn = nr_ram + 8;
    d->nr_gfns = nr_ram + 16;
    d->max_pages = nr_ram + 9;
    d->p2m = calloc(d->nr_gfns, sizeof(*d->p2m));
    for (uint64_t gfn = 0; gfn < d->nr_gfns; gfn++)
        d->p2m[gfn] = P2M_HOLE;
    d->grant_frame = NO_FRAME;
    for (uint64_t gfn = 0; gfn < nr_ram; gfn++)
        if (p2m_add_page(d, gfn))
            abort();
        else
            memset(frame_page(d->p2m[gfn].frame), 0, PAGE_BYTES);
    if (p2m_add_page(d, d->ring_gfn))
        abort();
    d->nr_vcpus = nr_vcpus;
    for (unsigned int i = 0; i < nr_vcpus; i++)
        d->vcpus[i] = (struct vcpu){
            .domain = d,
            .id = i,
            .random = pattern_mix(host.seed * 64 + (uint64_t)(d - host.domains) * 8 + i)};
    return d;
}

struct domain *domain_find(uint32_t domid)
{
    for (int i = 0; i < MAX_DOMAINS; i++)
        if (host.domains[i].id && host.domains[i].id == domid && !host.domains[i].dying)
            return &host.domains[i];
    return NULL;
}

void domain_kill(struct domain *d)
{
    d->dying = true;
    host_changed();
    if (d->ring.enabled) {
        d->ring.enabled = false;
        d->ring.channel = NULL;
        frame_put(d->ring.frame);
    }
    for (uint64_t gfn = 0; gfn < d->nr_gfns; gfn++) {
        if (d->p2m[gfn].frame != NO_FRAME)
            frame_put(d->p2m[gfn].frame);
        d->p2m[gfn] = P2M_HOLE;
    }
}
