/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other end of client.c: a thread for each connection. */
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_PAYLOAD ((size_t)1 << 20)

static bool receive_all(int fd, void *data, size_t bytes)
{
    for (char *at = data; bytes;) {
        ssize_t got = recv(fd, at, bytes, 0);

        if (got <= 0)
            return false;
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

static bool send_all(int fd, const void *data, size_t bytes)
{
    for (const char *at = data; bytes;) {
        ssize_t sent = send(fd, at, bytes, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        at += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

/* Sends a reply, and with it the descriptor if there is one, which is closed here. */
static bool send_reply(struct client *client, struct sim_reply *reply, void *payload)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {.space = {0}};
    struct iovec parts[2] = {{.iov_base = reply, .iov_len = sizeof(*reply)},
                             {.iov_base = payload, .iov_len = reply->payload_bytes}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    size_t bytes = sizeof(*reply) + reply->payload_bytes;
    ssize_t sent;

    if (client->descriptor < 0) {
        sent = sendmsg(client->fd, &message, MSG_NOSIGNAL);
        return sent >= (ssize_t)sizeof(*reply) &&
               send_all(client->fd, (char *)payload + sent - sizeof(*reply), bytes - (size_t)sent);
    }
    message.msg_control = control.space;
    message.msg_controllen = sizeof(control.space);
    CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
    CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
    CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &client->descriptor, sizeof(int));
    sent = sendmsg(client->fd, &message, MSG_NOSIGNAL);
    close(client->descriptor);
    client->descriptor = -1;
    return sent == (ssize_t)bytes;
}

static bool serve_one(struct client *client, void *payload)
{
    struct sim_request request;
    struct sim_reply reply;
    size_t bytes = 0;

    if (!receive_all(client->fd, &request, sizeof(request)) || request.op >= SIM_NR_OPS ||
        request.payload_bytes > MAX_PAYLOAD ||
        !receive_all(client->fd, payload, request.payload_bytes))
        return false;
    host_lock();
    reply.rc = hypercall(client, &request, payload, &bytes);
    host_unlock();
    reply.payload_bytes = bytes;
    return send_reply(client, &reply, payload);
}

static void *serve(void *arg)
{
    struct client *client = arg;
    void *payload = malloc(MAX_PAYLOAD);

    while (serve_one(client, payload))
        continue;
    host_lock();
    client_let_go(client);
    host_unlock();
    close(client->fd);
    free(payload);
    free(client);
    return NULL;
}

static void *accept_all(void *arg)
{
    int listener = (int)(intptr_t)arg;

    for (;;) {
        struct client *client = calloc(1, sizeof(*client));
        pthread_t thread;

        client->descriptor = -1;
        client->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (client->fd < 0 || pthread_create(&thread, NULL, serve, client))
            abort();
        pthread_detach(thread);
    }
}

void server_start(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_t thread;

    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
        listen(listener, 16) ||
        pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener))
        abort();
}
