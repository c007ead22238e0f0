/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of a domain in this process: the machine's memory, mapped frame by frame. */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
#define RETRY_US 100 /* as in the real library */

struct mapping {
    struct mapping *next;
    struct sim_handle *handle;
    char *at;
    size_t nr, nr_frames;
    uint64_t frames[];
};

static struct mapping *mappings;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int memory_of(struct sim_handle *handle)
{
    if (handle->memory < 0 && !sim_simple(handle, SIM_MEMORY, 0, 0))
        handle->memory = handle->received;
    return handle->memory;
}

/* The real munmap(), even in the library that has one of its own. */
static void take_away(void *at, size_t nr)
{
    syscall(SYS_munmap, at, nr * PAGE_BYTES);
}

static int map_one(struct mapping *m, size_t i, int protection, int64_t answer)
{
    void *at = m->at + i * PAGE_BYTES;

    if (answer < 0)
        return (int)answer;
    m->frames[m->nr_frames++] = (uint64_t)answer;
    if (mmap(at, PAGE_BYTES, protection, MAP_SHARED | MAP_FIXED, m->handle->memory,
             answer * PAGE_BYTES) == MAP_FAILED)
        return -errno;
    return 0;
}

/* Maps those whose errors are -ENOENT. Returns 0, or -1 with errno. */
static int try_to_map(struct mapping *m, uint32_t domid, int protection, const uint64_t *gfns,
                      int *errors)
{
    uint64_t wanted[m->nr];
    int64_t answers[m->nr];
    size_t nr = 0;
    struct sim_request request = {
        .op = SIM_MAP, .domid = domid, .arg = (protection & PROT_WRITE) != 0};

    for (size_t i = 0; i < m->nr; i++)
        if (errors[i] == -ENOENT)
            wanted[nr++] = gfns[i];
    request.payload_bytes = nr * sizeof(wanted[0]);
    if (sim_call(m->handle, request, wanted, answers, sizeof(answers)) < 0)
        return -1;
    nr = 0;
    for (size_t i = 0; i < m->nr; i++)
        if (errors[i] == -ENOENT)
            errors[i] = map_one(m, i, protection, answers[nr++]);
    return 0;
}

static void let_go(struct mapping *m)
{
    struct sim_request request = {.op = SIM_UNMAP, .payload_bytes = m->nr_frames * 8};

    take_away(m->at, m->nr);
    if (m->nr_frames)
        sim_call(m->handle, request, m->frames, NULL, 0);
    free(m);
}

static struct mapping *new_mapping(struct sim_handle *handle, size_t nr)
{
    struct mapping *m = calloc(1, sizeof(*m) + nr * sizeof(m->frames[0]));

    if (!m || memory_of(handle) < 0) {
        free(m);
        return NULL;
    }
    m->handle = handle;
    m->nr = nr;
    return m;
}

static void remember(struct mapping *m)
{
    pthread_mutex_lock(&lock);
    m->next = mappings;
    mappings = m;
    pthread_mutex_unlock(&lock);
}

/* Linux' privcmd returns the last page's error, and only upon that does the library try again. */
void *sim_map(struct sim_handle *handle, uint32_t domid, int protection, size_t nr,
              const uint64_t *gfns, int *errors)
{
    struct mapping *m = new_mapping(handle, nr);
    int rc;

    if (!m)
        return NULL;
    m->at = mmap(NULL, nr * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < nr; i++)
        errors[i] = -ENOENT;
    while (!(rc = try_to_map(m, domid, protection, gfns, errors)) && errors[nr - 1] == -ENOENT)
        usleep(RETRY_US);
    if (rc) {
        int error = errno;

        let_go(m);
        errno = error;
        return NULL;
    }
    remember(m);
    return m->at;
}

int sim_map_one(struct sim_handle *handle, uint32_t domid, int protection, uint64_t gfn, void *at)
{
    struct mapping *m = new_mapping(handle, 1);
    int error = -ENOENT;

    if (!m)
        return -ENOMEM;
    m->at = at;
    if (try_to_map(m, domid, protection, &gfn, &error))
        error = -errno;
    if (error)
        free(m);
    else
        remember(m);
    return error;
}

void *sim_map_grant_table(struct sim_handle *handle, uint32_t domid, int protection)
{
    int64_t frame = sim_simple(handle, SIM_GRANT_TABLE, domid, 0);
    void *at;

    if (frame < 0 || memory_of(handle) < 0)
        return NULL;
    at = mmap(NULL, PAGE_BYTES, protection, MAP_SHARED, handle->memory, frame * PAGE_BYTES);
    return at == MAP_FAILED ? NULL : at;
}

static struct mapping *take_mapping(const void *at)
{
    struct mapping *m = NULL;

    pthread_mutex_lock(&lock);
    for (struct mapping **link = &mappings; *link; link = &(*link)->next) {
        if ((*link)->at == at) {
            m = *link;
            *link = m->next;
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return m;
}

int sim_unmap(void *at)
{
    struct mapping *m = take_mapping(at);

    if (!m) {
        errno = EINVAL;
        return -1;
    }
    let_go(m);
    return 0;
}
