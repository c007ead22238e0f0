/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "kill_point.h"

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
    free(handle);
}

/* In one go as a rule, so that the host wakes up once. */
static void send_request(int fd, const struct sim_request *request, const void *payload)
{
    struct iovec parts[2] = {
        {.iov_base = (void *)(uintptr_t)request, .iov_len = sizeof(*request)},
        {.iov_base = (void *)(uintptr_t)payload, .iov_len = request->payload_bytes}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

    while (parts[0].iov_len || parts[1].iov_len) {
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            _exit(1);
        for (int i = 0; i < 2; i++) {
            size_t part = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;

            parts[i].iov_base = (char *)parts[i].iov_base + part;
            parts[i].iov_len -= part;
            sent -= (ssize_t)part;
        }
    }
}

/* A descriptor may come with the first byte. */
static int receive_some(int fd, void *data, size_t bytes, int *descriptor)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = data, .iov_len = bytes};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.space,
                             .msg_controllen = sizeof(control.space)};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;

    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    return (int)got;
}

static void receive_all(struct sim_handle *handle, void *data, size_t bytes)
{
    for (char *at = data; bytes;) {
        int got = receive_some(handle->fd, at, bytes, &handle->received);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            _exit(1); /* the machine has gone down */
        at += got;
        bytes -= (size_t)got;
    }
}

static int64_t call_locked(struct sim_handle *handle, const struct sim_request *request,
                           const void *payload, void *reply, size_t size)
{
    struct sim_reply header;

    handle->received = -1;
    send_request(handle->fd, request, payload);
    receive_all(handle, &header, sizeof(header));
    if (header.payload_bytes > size)
        abort(); /* library and host disagree */
    receive_all(handle, reply, header.payload_bytes);
    if (header.rc >= 0)
        return header.rc;
    errno = (int)-header.rc;
    return -1;
}

int64_t sim_call(struct sim_handle *handle, struct sim_request request, const void *payload,
                 void *reply, size_t size)
{
    enum kill_how how;
    bool dies;
    int64_t rc;

    pthread_mutex_lock(&handle->lock);
    dies = kill_point_begin(&how);
    rc = call_locked(handle, &request, payload, reply, size);
    if (dies)
        kill_point_die();
    pthread_mutex_unlock(&handle->lock);
    return rc;
}

int64_t sim_simple(struct sim_handle *handle, enum sim_op op, uint32_t domid, uint64_t gfn)
{
    return sim_call(handle, (struct sim_request){.op = op, .domid = domid, .gfn = gfn}, NULL, NULL,
                    0);
}
