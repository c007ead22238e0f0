/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lab-bench-pager DOMID target KIB: sets the domain's target and waits until it is reached.
 * lab-bench-pager DOMID drain PID: tells its pager to end and waits until no page is out.
 *
 * Prints "pages=N ns=T cpu_ns=C": how many pages that moved, how long it took from the word on,
 * and the time that dom0's processors were busy meanwhile. Exits with 1 if it takes too long.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenstore.h>

#define POLL_US 2000
#define SLACK_PAGES                                                                                \
    256 /* a pager leaves room below its target rather than fill it to the last page */
#define PATIENCE_NS (600 * UINT64_C(1000000000))

struct sample {
    uint64_t ns, dom0_cpu_ns, resident, paged;
};

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static xc_domaininfo_t domain_info(xc_interface *xc, uint32_t domid)
{
    xc_domaininfo_t info;

    if (xc_domain_getinfolist(xc, domid, 1, &info) != 1 || info.domain != domid)
        die("xc_domain_getinfolist");
    return info;
}

static struct sample look(xc_interface *xc, uint32_t domid)
{
    xc_domaininfo_t info = domain_info(xc, domid), dom0 = domain_info(xc, 0);

    return (struct sample){
        .ns = now_ns(),
        .dom0_cpu_ns = dom0.cpu_time,
        .resident = info.tot_pages,
        .paged = info.paged_pages,
    };
}

static void set_target(const char *domid, const char *kib)
{
    struct xs_handle *xs = xs_open(0);
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%s/memory/target-tot_pages", domid);
    if (!xs || !xs_write(xs, XBT_NULL, path, kib, (unsigned int)strlen(kib)))
        die(path);
    xs_close(xs);
}

/* From above or from below. */
static bool is_reached(const struct sample *start, const struct sample *now, uint64_t target)
{
    return start->resident > target ? now->resident <= target
                                    : now->resident + SLACK_PAGES >= target;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

int main(int argc, char **argv)
{
    bool drain = argc == 4 && !strcmp(argv[2], "drain");
    struct sample start, now;
    uint64_t argument;
    uint32_t domid;
    xc_interface *xc;

    if (argc != 4 || (!drain && strcmp(argv[2], "target"))) {
        fprintf(stderr, "usage: %s DOMID target KIB | drain PID\n", argv[0]);
        return 2;
    }
    domid = (uint32_t)strtoul(argv[1], NULL, 10);
    argument = strtoul(argv[3], NULL, 10);
    xc = xc_interface_open(NULL, NULL, 0);
    if (!xc)
        die("xc_interface_open");
    now = start = look(xc, domid);
    if (!drain)
        set_target(argv[1], argv[3]);
    else if (kill((pid_t)argument, SIGTERM))
        die("kill");
    while (drain ? now.paged > 0 : !is_reached(&start, &now, argument / 4)) {
        usleep(POLL_US);
        now = look(xc, domid);
        if (now.ns - start.ns > PATIENCE_NS)
            return 1;
    }
    printf("pages=%" PRIu64 " ns=%" PRIu64 " cpu_ns=%" PRIu64 "\n",
           distance(start.resident, now.resident), now.ns - start.ns,
           now.dom0_cpu_ns - start.dom0_cpu_ns);
    xc_interface_close(xc);
    return 0;
}
