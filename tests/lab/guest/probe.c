/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* xen/include/public/io/xs_wire.h */
enum operation { DIRECTORY = 1, READ = 2, WRITE = 11, MKDIR = 12, RM = 13, ERROR = 16 };

struct message {
    uint32_t type;
    uint32_t request;
    uint32_t transaction;
    uint32_t length;
    char body[240];
};

#define HEADER offsetof(struct message, body)

static bool read_all(int fd, void *to, size_t size)
{
    for (char *at = to; size > 0;) {
        ssize_t got = read(fd, at, size);

        if (got <= 0)
            return false;
        at += got;
        size -= (size_t)got;
    }
    return true;
}

/* The answer replaces the question. */
static bool converse(int fd, struct message *m)
{
    size_t size = HEADER + m->length;

    if (write(fd, m, size) != (ssize_t)size || !read_all(fd, m, HEADER) ||
        m->length >= sizeof(m->body) || !read_all(fd, m->body, m->length))
        return false;
    m->body[m->length] = '\0';
    return true;
}

/* A path, and for WRITE a value. */
static void ask(int fd, enum operation operation, const char *path, const char *value)
{
    static const char *const names[] = {[DIRECTORY] = "list",
                                        [READ] = "read",
                                        [WRITE] = "write",
                                        [MKDIR] = "make",
                                        [RM] = "remove"};
    struct message m = {.type = operation};

    m.length = (uint32_t)snprintf(m.body, sizeof(m.body), "%s", path) + 1;
    if (value)
        m.length += (uint32_t)snprintf(m.body + m.length, sizeof(m.body) - m.length, "%s", value);
    if (converse(fd, &m))
        report_xenstore(names[operation], path, m.body);
    else
        report_error("xenstore %s %s: %s", names[operation], path, strerror(errno));
}

static bool own_domid(int fd, char *text, size_t size)
{
    struct message m = {.type = READ, .length = sizeof("domid"), .body = "domid"};

    if (!converse(fd, &m) || m.type == ERROR)
        return false;
    snprintf(text, size, "%.8s", m.body);
    return true;
}

void probe_xenstore(void)
{
    char domid[16], own[64], state[80], new[80];
    int fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);

    if (fd < 0 || !own_domid(fd, domid, sizeof(domid))) {
        report_error("xenstore: %s", strerror(errno));
        close(fd);
        return;
    }
    snprintf(own, sizeof(own), "/libxl/%s/paging", domid);
    snprintf(state, sizeof(state), "%s/state", own);
    snprintf(new, sizeof(new), "%s/new", own);
    ask(fd, READ, "memory/target-tot_pages", NULL);
    ask(fd, WRITE, "memory/target-tot_pages", "0");
    ask(fd, RM, "memory/target-tot_pages", NULL);
    ask(fd, MKDIR, "memory/paging", NULL);
    ask(fd, DIRECTORY, own, NULL);
    ask(fd, READ, state, NULL);
    ask(fd, WRITE, state, "failed");
    ask(fd, MKDIR, new, NULL);
    close(fd);
}
