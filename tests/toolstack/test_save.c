/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * xc_domain_save() of the patched libxenguest, with a made-up Xen, guest and pager in the place of
 * the libraries below it: what is in the stream, and how much of the guest is in memory meanwhile.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenguest.h>

#include "errors_said.h"

#define NR_GFNS 5000u
#define PAGE_BYTES 4096u
#define WORDS (PAGE_BYTES / sizeof(uint64_t))
#define DOMID 7

/* Of libxenctrl, for libxenguest alone; of a patched hypervisor's memory.h. */
int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int nr, xen_pfn_t *gfns);
int xc_mem_paging_features(xc_interface *xch, uint32_t domid);
#define FEATURE_PAGEINFO (1 << 4)

enum page_state { HOLE, IN, OUT };

static struct {
    enum page_state state[NR_GFNS];
    uint64_t version[NR_GFNS];
    bool mapped[NR_GFNS];
    unsigned int resident, most_resident, target;
    size_t largest_map;
    bool old_hypervisor, dead_pager, late_pager, suspended;
    bool lags; /* the pager pages out only while the save sleeps, page_outs for each time */
    unsigned int page_outs, sleeps;
    unsigned int cleans;
    uint64_t received[NR_GFNS]; /* versions; 0: not in the stream */
} fake;

/* --- The guest and its pager. --- */

static uint64_t word(uint32_t gfn)
{
    return (uint64_t)gfn << 32 | fake.version[gfn];
}

static unsigned int nr_out(void)
{
    unsigned int nr = 0;

    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        nr += fake.state[gfn] == OUT;
    return nr;
}

static void page_in(uint32_t gfn)
{
    fake.state[gfn] = IN;
    if (++fake.resident > fake.most_resident)
        fake.most_resident = fake.resident;
}

static void page_out_to(unsigned int target)
{
    for (uint32_t gfn = 0; gfn < NR_GFNS && fake.resident > target; gfn++) {
        if (fake.state[gfn] != IN || fake.mapped[gfn])
            continue;
        fake.state[gfn] = OUT;
        fake.resident--;
    }
}

/* RAM at both ends of a hole; of it target pages are in memory. */
static void set_up_guest(unsigned int target)
{
    memset(&fake, 0, sizeof(fake));
    errors_said[0] = '\0';
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++) {
        fake.version[gfn] = 1;
        fake.state[gfn] = gfn < 3000 || gfn >= 4000 ? IN : HOLE;
        fake.resident += fake.state[gfn] == IN;
    }
    fake.target = target;
    page_out_to(target);
    fake.most_resident = fake.resident;
}

/* --- libxenforeignmemory. --- */

static int map_page(uint32_t gfn)
{
    if (fake.state[gfn] == HOLE)
        return -EINVAL;
    if (fake.state[gfn] == OUT && fake.dead_pager)
        return -ENOENT;
    fake.mapped[gfn] = true;
    if (fake.state[gfn] == OUT)
        page_in(gfn);
    if (!fake.lags)
        page_out_to(fake.target);
    return 0;
}

void *xenforeignmemory_map(xenforeignmemory_handle *handle, uint32_t dom, int prot, size_t nr,
                           const xen_pfn_t gfns[], int errors[])
{
    uint64_t *memory = malloc(nr * PAGE_BYTES);

    (void)handle;
    assert_non_null(memory);
    assert_int_equal(dom, DOMID);
    assert_int_equal(prot, PROT_READ);
    if (nr > fake.largest_map)
        fake.largest_map = nr;
    for (size_t i = 0; i < nr; i++) {
        errors[i] = map_page((uint32_t)gfns[i]);
        for (size_t j = 0; j < WORDS; j++)
            memory[i * WORDS + j] = word((uint32_t)gfns[i]);
    }
    return memory;
}

int xenforeignmemory_unmap(xenforeignmemory_handle *handle, void *memory, size_t nr)
{
    (void)handle, (void)nr;
    memset(fake.mapped, 0, sizeof(fake.mapped));
    free(memory);
    return 0;
}

/* --- The C library. --- */

int usleep(useconds_t us)
{
    (void)us;
    fake.sleeps++;
    if (fake.resident > fake.target + fake.page_outs)
        page_out_to(fake.resident - fake.page_outs);
    else
        page_out_to(fake.target);
    return 0;
}

/* --- libxenctrl. --- */

int xc_get_pfn_type_batch(xc_interface *xch, uint32_t dom, unsigned int nr, xen_pfn_t *gfns)
{
    (void)xch, (void)dom;
    for (unsigned int i = 0; i < nr; i++) {
        enum page_state state = fake.state[gfns[i]];

        gfns[i] = state == IN || (state == OUT && !fake.old_hypervisor) ? XEN_DOMCTL_PFINFO_NOTAB
                                                                        : XEN_DOMCTL_PFINFO_XTAB;
    }
    if (fake.late_pager)
        page_out_to(fake.target);
    return 0;
}

int xc_mem_paging_features(xc_interface *xch, uint32_t domid)
{
    (void)xch, (void)domid;
    errno = ENOSYS;
    return fake.old_hypervisor ? -1 : FEATURE_PAGEINFO;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t first, unsigned int max, xc_dominfo_t *info)
{
    (void)xch, (void)max;
    memset(info, 0, sizeof(*info));
    info->domid = first;
    info->hvm = 1;
    info->nr_pages = fake.resident;
    info->nr_paged_pages = nr_out();
    info->shutdown = fake.suspended;
    info->shutdown_reason = fake.suspended ? SHUTDOWN_suspend : 0;
    return 1;
}

/* After the first pass some pages are dirty, of which some are out. */
static unsigned int dirty_pages(unsigned long *bitmap)
{
    unsigned int nr = 0;

    for (uint32_t gfn = 5; fake.cleans == 0 && gfn < 3000; gfn += 7, nr++) {
        bitmap[gfn / 64] |= 1UL << gfn % 64;
        fake.version[gfn]++;
    }
    fake.cleans++;
    return nr;
}

long long xc_logdirty_control(xc_interface *xch, uint32_t domid, unsigned int op,
                              xc_hypercall_buffer_t *bitmap, unsigned long pages, unsigned int mode,
                              xc_shadow_op_stats_t *stats)
{
    (void)xch, (void)domid, (void)mode;
    assert_int_equal(op, XEN_DOMCTL_SHADOW_OP_CLEAN);
    memset(bitmap->hbuf, 0, (pages + 7) / 8);
    stats->dirty_count = dirty_pages(bitmap->hbuf);
    return (long long)pages;
}

int xc_shadow_control(xc_interface *xch, uint32_t domid, unsigned int op, unsigned int *mb,
                      unsigned int mode)
{
    (void)xch, (void)domid, (void)op, (void)mb, (void)mode;
    return 0;
}

void *xc__hypercall_buffer_alloc_pages(xc_interface *xch, xc_hypercall_buffer_t *b, int nr)
{
    (void)xch;
    return b->hbuf = calloc((size_t)nr, PAGE_BYTES);
}

void xc__hypercall_buffer_free_pages(xc_interface *xch, xc_hypercall_buffer_t *b, int nr)
{
    (void)xch, (void)nr;
    free(b->hbuf);
}

int xc_domain_nr_gpfns(xc_interface *xch, uint32_t domid, xen_pfn_t *gpfns)
{
    (void)xch, (void)domid;
    *gpfns = NR_GFNS;
    return 0;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    (void)xch, (void)cmd, (void)arg;
    return 4 << 16 | 17;
}

int xc_domain_get_tsc_info(xc_interface *xch, uint32_t domid, uint32_t *mode, uint64_t *ns,
                           uint32_t *khz, uint32_t *incarnation)
{
    (void)xch, (void)domid;
    *mode = *khz = *incarnation = 0;
    *ns = 0;
    return 0;
}

int xc_domain_hvm_getcontext(xc_interface *xch, uint32_t domid, uint8_t *context, uint32_t size)
{
    (void)xch, (void)domid, (void)size;
    if (context)
        memset(context, 0, 8);
    return 8;
}

int xc_hvm_param_get(xc_interface *xch, uint32_t domid, uint32_t param, uint64_t *value)
{
    (void)xch, (void)domid, (void)param;
    *value = 0;
    return 0;
}

/* --- The rest of libxenguest that asks Xen. --- */

int xc_cpu_policy_get_size(xc_interface *xch, uint32_t *leaves, uint32_t *msrs)
{
    (void)xch;
    *leaves = *msrs = 1;
    return 0;
}

int xc_cpu_policy_get_domain(xc_interface *xch, uint32_t domid, xc_cpu_policy_t *policy)
{
    (void)xch, (void)domid, (void)policy;
    return 0;
}

int xc_cpu_policy_serialise(xc_interface *xch, const xc_cpu_policy_t *policy,
                            xen_cpuid_leaf_t *leaves, uint32_t *nr_leaves, xen_msr_entry_t *msrs,
                            uint32_t *nr_msrs)
{
    (void)xch, (void)policy, (void)leaves, (void)msrs;
    *nr_leaves = *nr_msrs = 0;
    return 0;
}

/* --- The stream. See Xen's docs/specs/libxc-migration-stream.pandoc. --- */

#define HEADERS_BYTES (24 + 16)
#define RECORD_PAGE_DATA 1u

static void *take(FILE *stream, size_t size)
{
    void *data = malloc(size + 1);

    assert_non_null(data);
    assert_int_equal(fread(data, 1, size, stream), size);
    return data;
}

/* The pages of a record follow its gfns, one for each gfn with contents. */
static void receive_pages(const uint64_t *body)
{
    uint32_t nr = (uint32_t)body[0];
    const uint64_t *gfns = body + 1, *page = gfns + nr;

    for (uint32_t i = 0; i < nr; i++) {
        uint32_t gfn = (uint32_t)gfns[i];

        if (gfns[i] >> 60)
            continue;
        assert_int_equal(page[0] >> 32, gfn);
        assert_int_equal(page[0], page[WORDS - 1]);
        fake.received[gfn] = (uint32_t)page[0];
        page += WORDS;
    }
}

static void receive(FILE *stream)
{
    uint32_t type;

    rewind(stream);
    free(take(stream, HEADERS_BYTES));
    do {
        uint32_t *header = take(stream, 8);
        uint64_t *body = take(stream, (header[1] + 7) & ~7u);

        type = header[0];
        if (type == RECORD_PAGE_DATA)
            receive_pages(body);
        free(header);
        free(body);
    } while (type);
}

/* --- Saving. --- */

static int suspend(void *data)
{
    (void)data;
    fake.suspended = true;
    return 1;
}

static int switch_logdirty(uint32_t domid, unsigned int enable, void *data)
{
    (void)domid, (void)enable, (void)data;
    return 0;
}

static int save(bool live)
{
    struct save_callbacks callbacks = {.suspend = suspend, .switch_qemu_logdirty = switch_logdirty};
    FILE *stream = tmpfile();
    xc_interface *xch = open_libxenguest();
    int rc;

    assert_non_null(stream);
    assert_non_null(xch);
    rc = xc_domain_save(xch, fileno(stream), DOMID, live ? XCFLAGS_LIVE : 0, &callbacks,
                        XC_STREAM_PLAIN, -1);
    if (rc == 0)
        receive(stream);
    xc_interface_close(xch);
    fclose(stream);
    return rc;
}

static void expect_all_received(void)
{
    for (uint32_t gfn = 0; gfn < NR_GFNS; gfn++)
        assert_int_equal(fake.received[gfn], fake.state[gfn] == HOLE ? 0 : fake.version[gfn]);
}

/* --- The tests. --- */

static void pages_that_are_out_are_in_the_stream(void **state)
{
    (void)state;
    set_up_guest(1000);
    assert_int_equal(save(false), 0);
    expect_all_received();
    assert_true(fake.suspended);
}

static void the_guest_stays_near_its_target(void **state)
{
    (void)state;
    set_up_guest(1000);
    assert_int_equal(save(false), 0);
    assert_in_range(fake.most_resident, 1000, 1001);
    set_up_guest(100);
    assert_int_equal(save(false), 0);
    assert_in_range(fake.most_resident, 100, 257);
}

static void a_pager_that_is_behind_is_waited_for(void **state)
{
    (void)state;
    set_up_guest(1000);
    fake.lags = true;
    fake.page_outs = 8;
    assert_int_equal(save(false), 0);
    expect_all_received();
    assert_in_range(fake.most_resident, 1000, 1000 + 2 * 256);
}

static void but_not_for_ever(void **state)
{
    (void)state;
    set_up_guest(1000);
    fake.lags = true;
    fake.target = NR_GFNS;
    assert_int_equal(save(false), 0);
    expect_all_received();
    assert_in_range(fake.sleeps, 1000, 30000);
}

static void batches_are_large_while_nothing_is_out(void **state)
{
    (void)state;
    set_up_guest(NR_GFNS);
    assert_int_equal(save(false), 0);
    expect_all_received();
    assert_int_equal(fake.largest_map, 1024);
}

static void what_was_written_before_it_went_out_is_sent_again(void **state)
{
    (void)state;
    set_up_guest(1000);
    assert_int_equal(save(true), 0);
    assert_true(fake.cleans > 0);
    expect_all_received();
}

static void a_page_that_does_not_come_fails_the_save(void **state)
{
    (void)state;
    set_up_guest(1000);
    fake.dead_pager = true;
    assert_int_equal(save(false), -1);
    assert_non_null(strstr(errors_said, "is paged out, and its pager doesn't bring it back"));
}

static void a_hypervisor_that_reports_holes_is_refused(void **state)
{
    (void)state;
    set_up_guest(1000);
    fake.old_hypervisor = true;
    assert_int_equal(save(false), -1);
    assert_int_equal(errno, EOPNOTSUPP);
    assert_non_null(strstr(errors_said, "3000 pages are paged out, and would be lost"));
    assert_false(fake.suspended);
}

static void nor_does_it_matter_there_if_nothing_is_out(void **state)
{
    (void)state;
    set_up_guest(NR_GFNS);
    fake.old_hypervisor = true;
    assert_int_equal(save(false), 0);
    expect_all_received();
}

static void a_pager_that_comes_later_is_noticed_there(void **state)
{
    (void)state;
    set_up_guest(NR_GFNS);
    fake.old_hypervisor = fake.late_pager = true;
    fake.target = 3900;
    assert_int_equal(save(false), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_that_are_out_are_in_the_stream),
        cmocka_unit_test(the_guest_stays_near_its_target),
        cmocka_unit_test(a_pager_that_is_behind_is_waited_for),
        cmocka_unit_test(but_not_for_ever),
        cmocka_unit_test(batches_are_large_while_nothing_is_out),
        cmocka_unit_test(what_was_written_before_it_went_out_is_sent_again),
        cmocka_unit_test(a_page_that_does_not_come_fails_the_save),
        cmocka_unit_test(a_hypervisor_that_reports_holes_is_refused),
        cmocka_unit_test(nor_does_it_matter_there_if_nothing_is_out),
        cmocka_unit_test(a_pager_that_comes_later_is_noticed_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
