/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net.h"

#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "pool.h"
#include "report.h"

#define INTERFACE "eth0"
#define WAIT_STEP_MS 20
#define WAIT_STEPS 1500
#define BATCH 16 /* pages on their way at a time: they fit into the buffers of two sockets */

static struct {
    int fd;
    struct pool pool; /* one half is sent from, the other one received into, in turns */
    uint64_t random;
    pthread_t thread;
    _Atomic uint64_t moves, max_us;
} net;

static uint64_t any_of_half(unsigned int half)
{
    return half * (net.pool.pages / 2) + pool_lot(&net.random, net.pool.pages / 2);
}

static bool broken(const char *what, ssize_t rc)
{
    report_error("net: cannot %s: %s", what, rc < 0 ? strerror(errno) : "the other end is closed");
    return false;
}

static bool send_page(uint64_t page)
{
    off_t at = (off_t)(page * PAGE_BYTES), end = at + PAGE_BYTES;

    while (at < end) {
        ssize_t rc = sendfile(net.fd, net.pool.fd, &at, (size_t)(end - at));

        if (rc <= 0)
            return broken("send", rc);
    }
    return true;
}

static bool receive_page(uint64_t page)
{
    ssize_t rc = recv(net.fd, pool_page(&net.pool, page), PAGE_BYTES, MSG_WAITALL);

    return rc == PAGE_BYTES ? pool_check(&net.pool, page) : broken("receive", rc);
}

/* From one half to the other. */
static bool move(unsigned int half)
{
    struct page_id sent[BATCH];
    bool good = true;

    for (int i = 0; good && i < BATCH; i++) {
        uint64_t page = any_of_half(half);

        sent[i] = net.pool.ids[page];
        good = send_page(page);
    }
    for (int i = 0; good && i < BATCH; i++) {
        uint64_t page = any_of_half(1 - half);

        net.pool.ids[page] = sent[i];
        good = receive_page(page);
        net.moves++;
    }
    return good;
}

static bool timed_move(unsigned int half)
{
    uint64_t start = clock_ns() / 1000;
    bool good = move(half);
    uint64_t us = clock_ns() / 1000 - start;

    if (us > net.max_us)
        net.max_us = us;
    return good;
}

/* All that was sent has come back when a page gets new contents: it is not on its way any more. */
static void *net_main(void *arg)
{
    bool good = true;

    for (unsigned int half = 0; good; half = 1 - half) {
        good = timed_move(half);
        for (int i = 0; i < BATCH / 4; i++)
            pool_renew(&net.pool, pool_lot(&net.random, net.pool.pages));
    }
    return arg;
}

static void pause_a_step(void)
{
    struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000};

    nanosleep(&step, NULL);
}

static int connect_when_there(const struct sockaddr_in *server)
{
    for (int i = 0; i < WAIT_STEPS; i++) {
        net.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (net.fd < 0)
            break;
        if (connect(net.fd, (const struct sockaddr *)server, sizeof(*server)) == 0)
            return 0;
        close(net.fd);
        pause_a_step();
    }

    int rc = -errno;

    report_error("net: cannot connect: %s", strerror(-rc));
    return rc;
}

int net_start(const struct sockaddr_in *server, uint64_t pool_pages)
{
    int rc = connect_when_there(server);

    if (rc == 0)
        rc = pool_create(&net.pool, "net", pool_pages);
    if (rc < 0)
        return rc;
    rc = pthread_create(&net.thread, NULL, net_main, NULL);
    if (rc)
        report_error("net: cannot start its thread: %s", strerror(rc));
    return -rc;
}

void net_report(void)
{
    report_moves("net", net.moves, net.max_us);
}

static bool set_address(int fd, struct in_addr address)
{
    struct ifreq request = {.ifr_name = INTERFACE};
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = address};

    memcpy(&request.ifr_addr, &own, sizeof(own));
    if (ioctl(fd, SIOCSIFADDR, &request) < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return false;
    request.ifr_flags |= IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

int net_set_address(struct in_addr address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int rc = -1;

    for (int i = 0; fd >= 0 && rc < 0 && i < WAIT_STEPS; i++) {
        rc = set_address(fd, address) ? 0 : -1;
        if (rc < 0 && errno != ENODEV)
            break;
        if (rc < 0)
            pause_a_step();
    }
    if (rc < 0) {
        rc = -errno;
        report_error("net: cannot set the address of " INTERFACE ": %s", strerror(-rc));
    }
    if (fd >= 0)
        close(fd);
    return rc;
}
