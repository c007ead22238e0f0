/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To be preloaded into Debian's xenstored: what it needs of a Xen, from files in $SIM_DIR.
 *
 *   domain-N  there is one as long as domain N lives
 *   evtchn    a fifo; a uint32_t of 1 written to it is VIRQ_DOM_EXC: a domain has gone
 *   ring-N    the page of domain N's xenstore ring
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

#define PAGE_BYTES 4096
#define VIRQ_PORT 1
#define FIRST_PORT 1000

static void *const handle = &(char){0};
static int fifo = -1;

static const char *path_of(const char *name, unsigned int domid)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), name, getenv("SIM_DIR"), domid);
    return path;
}

static bool lives(unsigned int domid)
{
    return domid == 0 || access(path_of("%s/domain-%u", domid), F_OK) == 0;
}

static int open_ring(unsigned int domid)
{
    int fd = open(path_of("%s/ring-%u", domid), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0 && ftruncate(fd, PAGE_BYTES)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* --- libxenctrl --- */

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
                                unsigned flags)
{
    (void)logger, (void)dombuild_logger, (void)flags;
    return handle;
}

int xc_interface_close(xc_interface *xc)
{
    (void)xc;
    return 0;
}

int xc_domain_getinfo(xc_interface *xc, uint32_t domid, unsigned int max, xc_dominfo_t *info)
{
    (void)xc, (void)max; /* xenstored asks for one at a time */
    if (!lives(domid))
        return 0;
    *info = (xc_dominfo_t){.domid = domid, .running = 1};
    return 1;
}

/* --- libxenevtchn --- */

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
    const char *path = path_of("%s/evtchn", 0);

    (void)logger, (void)flags;
    mkfifo(path, 0600);
    fifo = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return fifo < 0 ? NULL : handle;
}

int xenevtchn_close(xenevtchn_handle *channel)
{
    (void)channel;
    return close(fifo);
}

int xenevtchn_fd(xenevtchn_handle *channel)
{
    (void)channel;
    return fifo;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *channel)
{
    uint32_t port;

    (void)channel;
    return read(fifo, &port, sizeof(port)) == sizeof(port) ? (int)port : -1;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *channel, unsigned int virq)
{
    (void)channel, (void)virq;
    return VIRQ_PORT;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *channel, uint32_t domid,
                                                     evtchn_port_t port)
{
    (void)channel, (void)port;
    return FIRST_PORT + (int)domid;
}

static int nothing(xenevtchn_handle *channel, evtchn_port_t port)
{
    (void)channel, (void)port;
    return 0;
}

int xenevtchn_unmask(xenevtchn_handle *channel, evtchn_port_t port)
{
    return nothing(channel, port);
}

int xenevtchn_unbind(xenevtchn_handle *channel, evtchn_port_t port)
{
    return nothing(channel, port);
}

int xenevtchn_notify(xenevtchn_handle *channel, evtchn_port_t port)
{
    return nothing(channel, port);
}

/* --- libxengnttab --- */

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    return handle;
}

int xengnttab_close(xengnttab_handle *table)
{
    (void)table;
    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *table, uint32_t nr)
{
    (void)table, (void)nr;
    return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *table, uint32_t domid, uint32_t ref, int protection)
{
    int fd = lives(domid) ? open_ring(domid) : -1;
    void *ring;

    (void)table, (void)ref;
    if (fd < 0)
        return NULL;
    ring = mmap(NULL, PAGE_BYTES, protection, MAP_SHARED, fd, 0);
    close(fd);
    return ring == MAP_FAILED ? NULL : ring;
}

int xengnttab_unmap(xengnttab_handle *table, void *at, uint32_t nr)
{
    (void)table;
    return munmap(at, (size_t)nr * PAGE_BYTES);
}

/* --- dom0's own ring, in /proc/xen. --- */

static int open_port(void)
{
    int fd = memfd_create("xsd_port", MFD_CLOEXEC);

    if (dprintf(fd, "1\n") < 0)
        return -1;
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* A function of libc that opens a file, but for the two. */
#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        int (*real)(const char *, int, ...) =                                                      \
            (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name);                              \
        va_list args;                                                                              \
        int mode;                                                                                  \
                                                                                                   \
        if (!strcmp(path, "/proc/xen/xsd_kva"))                                                    \
            return open_ring(0);                                                                   \
        if (!strcmp(path, "/proc/xen/xsd_port"))                                                   \
            return open_port();                                                                    \
        va_start(args, flags);                                                                     \
        mode = flags & O_CREAT ? va_arg(args, int) : 0;                                            \
        va_end(args);                                                                              \
        return real(path, flags, mode);                                                            \
    }
OPEN(open)
OPEN(open64)
