/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include "nbd_proxy.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LINKS 16
#define LOOK_MS 1
#define HELD_BYTES (1 << 16)

struct link {
    int client, server; /* -1: none */
    size_t nr_held;
    char held[HELD_BYTES];
};

/* Shared with the process, which looks at the orders and clears them. */
static struct {
    volatile bool holds, is_to_cut, is_to_let_go;
    volatile size_t nr_held;
} * shared;

static pid_t proxy;
static int listener;
static struct sockaddr_un server_at;
static struct link links[MAX_LINKS];

static void drop(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void accept_one(void)
{
    for (int i = 0; i < MAX_LINKS; i++) {
        struct link *link = &links[i];

        if (link->client >= 0 || link->server >= 0)
            continue;
        link->client = accept(listener, NULL, NULL);
        link->server = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(link->server, (struct sockaddr *)&server_at, sizeof(server_at)))
            drop(&link->client), drop(&link->server);
        return;
    }
}

/* Returns how many bytes went on, or are held. */
static ssize_t pass(struct link *link, bool to_server)
{
    static char bytes[HELD_BYTES];
    bool is_held = to_server && (shared->holds || link->nr_held);
    char *at = is_held ? link->held + link->nr_held : bytes;
    ssize_t n = read(to_server ? link->client : link->server, at,
                     is_held ? HELD_BYTES - link->nr_held : HELD_BYTES);

    if (n > 0 && is_held) {
        link->nr_held += (size_t)n;
        shared->nr_held += (size_t)n;
    } else if (n > 0 && (to_server ? link->server : link->client) >= 0 &&
               write(to_server ? link->server : link->client, at, (size_t)n) != n) {
        n = 0;
    }
    if (n <= 0)
        drop(&link->client), drop(&link->server);
    return n;
}

static void cut(void)
{
    for (int i = 0; i < MAX_LINKS; i++) {
        drop(&links[i].client);
        if (!links[i].nr_held)
            drop(&links[i].server);
    }
    shared->holds = false;
    shared->is_to_cut = false;
}

static void let_go(void)
{
    for (int i = 0; i < MAX_LINKS; i++) {
        struct link *link = &links[i];

        if (link->nr_held && write(link->server, link->held, link->nr_held) > 0)
            pass(link, false);
        link->nr_held = 0;
    }
    shared->is_to_let_go = false;
}

static void look(void)
{
    struct pollfd fds[2 * MAX_LINKS + 1];

    for (int i = 0; i < MAX_LINKS; i++) {
        fds[2 * i] = (struct pollfd){.fd = links[i].client, .events = POLLIN};
        fds[2 * i + 1] = (struct pollfd){.fd = links[i].server, .events = POLLIN};
    }
    fds[2 * MAX_LINKS] = (struct pollfd){.fd = listener, .events = POLLIN};
    poll(fds, 2 * MAX_LINKS + 1, LOOK_MS);
    for (int i = 0; i < 2 * MAX_LINKS; i++)
        if (fds[i].revents && (i % 2 ? links[i / 2].server : links[i / 2].client) >= 0)
            pass(&links[i / 2], !(i % 2));
    if (fds[2 * MAX_LINKS].revents)
        accept_one();
}

_Noreturn static void be_proxy(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < MAX_LINKS; i++)
        links[i] = (struct link){.client = -1, .server = -1};
    for (;;) {
        look();
        if (shared->is_to_cut)
            cut();
        if (shared->is_to_let_go)
            let_go();
    }
}

void nbd_proxy_start(const char *directory)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    server_at.sun_family = AF_UNIX;
    snprintf(at.sun_path, sizeof(at.sun_path), "%s/proxy", directory);
    snprintf(server_at.sun_path, sizeof(server_at.sun_path), "%s/socket", directory);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(shared, MAP_FAILED);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, MAX_LINKS), 0);
    proxy = fork();
    assert_true(proxy >= 0);
    if (!proxy)
        be_proxy();
    close(listener);
}

void nbd_proxy_stop(void)
{
    if (!proxy)
        return;
    kill(proxy, SIGKILL);
    waitpid(proxy, NULL, 0);
    munmap((void *)(uintptr_t)shared, sizeof(*shared));
    proxy = 0;
}

void nbd_proxy_hold(void)
{
    shared->holds = true;
}

size_t nbd_proxy_held(void)
{
    return shared->nr_held;
}

static void await(const volatile bool *order)
{
    for (int i = 0; i < 60000 && *order; i++)
        usleep(1000);
    assert_false(*order);
}

void nbd_proxy_cut(void)
{
    shared->is_to_cut = true;
    await(&shared->is_to_cut);
}

void nbd_proxy_let_go(void)
{
    shared->is_to_let_go = true;
    await(&shared->is_to_let_go);
}
