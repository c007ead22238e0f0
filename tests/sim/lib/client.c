/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kill_point.h"
#include "own_time.h"

static int connect_to_host(void)
{
    const char *path = getenv("SIMXEN");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (!path || strlen(path) >= sizeof(address.sun_path)) {
        errno = ENOENT;
        return -1;
    }
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        close(fd);
        return -1;
    }
    return fd;
}

struct sim_handle *sim_open(void)
{
    struct sim_handle *handle = calloc(1, sizeof(*handle));

    if (!handle)
        return NULL;
    handle->received = handle->memory = -1;
    pthread_mutex_init(&handle->lock, NULL);
    handle->fd = connect_to_host();
    if (handle->fd < 0) {
        free(handle);
        return NULL;
    }
    return handle;
}

void sim_close(struct sim_handle *handle)
{
    char byte;

    if (!handle)
        return;
    /* What it holds is let go when this returns, as with a real one. */
    shutdown(handle->fd, SHUT_WR);
    while (recv(handle->fd, &byte, sizeof(byte), 0) < 0 && errno == EINTR)
        ;
    close(handle->fd);
    if (handle->memory >= 0)
        close(handle->memory);
    sim_close_shared(handle);
    free(handle);
}

/* What is done already. */
static void skip(struct iovec **parts, size_t *nr, size_t bytes)
{
    while (*nr && bytes >= (*parts)->iov_len) {
        bytes -= (*parts)->iov_len;
        ++*parts;
        --*nr;
    }
    if (*nr) {
        (*parts)->iov_base = (char *)(*parts)->iov_base + bytes;
        (*parts)->iov_len -= bytes;
    }
}

/* In one go as a rule, so that the host wakes up once. */
static void send_parts(int fd, struct iovec *parts, size_t nr)
{
    while (nr) {
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = nr};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            _exit(1);
        skip(&parts, &nr, (size_t)sent);
    }
}

static void send_requests(int fd, const struct sim_request *requests, const void *const *payloads,
                          size_t nr)
{
    struct iovec parts[2 * SIM_MANY];

    for (size_t i = 0; i < nr; i++) {
        parts[2 * i] = (struct iovec){.iov_base = (void *)(uintptr_t)&requests[i],
                                      .iov_len = sizeof(requests[i])};
        parts[2 * i + 1] = (struct iovec){.iov_base = (void *)(uintptr_t)payloads[i],
                                          .iov_len = requests[i].payload_bytes};
    }
    send_parts(fd, parts, 2 * nr);
}

/* A descriptor may come with the first byte. */
static int receive_some(int fd, struct iovec *parts, size_t nr, int *descriptor)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = nr,
                             .msg_control = control.space,
                             .msg_controllen = sizeof(control.space)};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;

    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    return (int)got;
}

/* At least that many bytes of what the parts have room for. Returns how many there are more. */
static size_t receive(struct sim_handle *handle, struct iovec *parts, size_t nr, size_t bytes)
{
    for (;;) {
        int got = receive_some(handle->fd, parts, nr, &handle->received);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            _exit(1); /* the machine has gone down */
        if ((size_t)got >= bytes)
            return (size_t)got - bytes;
        bytes -= (size_t)got;
        skip(&parts, &nr, (size_t)got);
    }
}

/* Returns the reply's rc. */
static int64_t receive_reply(struct sim_handle *handle, void *reply, size_t size)
{
    struct sim_reply header;
    struct iovec parts[] = {{.iov_base = &header, .iov_len = sizeof(header)},
                            {.iov_base = reply, .iov_len = size}};
    size_t got = receive(handle, parts, 2, sizeof(header));

    if (header.payload_bytes > size || got > header.payload_bytes)
        abort(); /* library and host disagree */
    if (got < header.payload_bytes) {
        parts[1] = (struct iovec){.iov_base = (char *)reply + got, .iov_len = size - got};
        receive(handle, &parts[1], 1, header.payload_bytes - got);
    }
    return header.rc;
}

int64_t sim_call(struct sim_handle *handle, struct sim_request request, const void *payload,
                 void *reply, size_t size)
{
    enum kill_how how;
    uint64_t start_ns = own_time_call();
    bool dies;
    int64_t rc;

    pthread_mutex_lock(&handle->lock);
    dies = kill_point_begin(&how);
    handle->received = -1;
    send_requests(handle->fd, &request, &payload, 1);
    rc = receive_reply(handle, reply, size);
    if (dies)
        kill_point_die();
    pthread_mutex_unlock(&handle->lock);
    own_time_called(start_ns);
    if (rc >= 0)
        return rc;
    errno = (int)-rc;
    return -1;
}

/* One by one, so that a pager can die at each of them. */
static void call_each(struct sim_handle *handle, const struct sim_request *requests,
                      const void *const *payloads, int64_t *rcs, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        rcs[i] = sim_call(handle, requests[i], payloads[i], NULL, 0);
        if (rcs[i] < 0)
            rcs[i] = -errno;
    }
}

void sim_call_many(struct sim_handle *handle, const struct sim_request *requests,
                   const void *const *payloads, int64_t *rcs, size_t nr)
{
    uint64_t start_ns = own_time_call();

    if (kill_point_is_planned()) {
        call_each(handle, requests, payloads, rcs, nr);
        return;
    }
    pthread_mutex_lock(&handle->lock);
    send_requests(handle->fd, requests, payloads, nr);
    for (size_t i = 0; i < nr; i++)
        rcs[i] = receive_reply(handle, NULL, 0);
    pthread_mutex_unlock(&handle->lock);
    own_time_called(start_ns);
}

int64_t sim_simple(struct sim_handle *handle, enum sim_op op, uint32_t domid, uint64_t gfn)
{
    return sim_call(handle, (struct sim_request){.op = op, .domid = domid, .gfn = gfn}, NULL, NULL,
                    0);
}
