/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The domain builder of the patched libxenguest, for a guest that is paged from the start, with a
 * made-up Xen and pager in the place of the libraries below it: how much of the host's memory it
 * takes, and when it waits.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenguest.h>

#include "errors_said.h"

#define DOMID 7
#define NR_PAGES 32768u /* of the guest: 128 MiB */
#define RESERVE 1024u   /* what is left to the host */
#define SUPERPAGE 512u
#define KERNEL_GFN 4096u

/* Of libxenctrl, for libxenguest alone. */
int xc_mem_paging_features(xc_interface *xch, uint32_t domid);

enum page_state { NONE, IN, OUT, MAPPED };

static struct {
    enum page_state state[NR_PAGES]; /* of the guest's gfns */
    unsigned long resident, most_resident;
    unsigned long free_pages, least_free;
    unsigned long claimed;
    unsigned long target;    /* of the pager; 0: there is none */
    unsigned long page_outs; /* for each time that the builder sleeps */
    unsigned long sleeps, superpages;
    unsigned long kernel_pages;
    uint64_t ring_gfn;
} fake;

/* --- Host and pager. --- */

static void take_page(uint32_t gfn, enum page_state state)
{
    fake.state[gfn] = state;
    fake.free_pages--;
    fake.resident++;
    if (fake.free_pages < fake.least_free)
        fake.least_free = fake.free_pages;
    if (fake.resident > fake.most_resident)
        fake.most_resident = fake.resident;
}

static void page_out(unsigned long most)
{
    for (uint32_t gfn = 0; gfn < NR_PAGES && most && fake.resident > fake.target; gfn++) {
        if (fake.state[gfn] != IN)
            continue;
        fake.state[gfn] = OUT;
        fake.resident--;
        fake.free_pages++;
        most--;
    }
}

/* --- The C library. --- */

int usleep(useconds_t us)
{
    (void)us;
    fake.sleeps++;
    page_out(fake.page_outs);
    return 0;
}

/* --- libxenforeignmemory: what is out comes in, if there is memory for it. --- */

void *xenforeignmemory_map2(xenforeignmemory_handle *handle, uint32_t dom, void *addr, int prot,
                            int flags, size_t nr, const xen_pfn_t gfns[], int errors[])
{
    (void)handle, (void)dom, (void)prot, (void)errors;
    assert_true(flags & MAP_FIXED);
    for (size_t i = 0; i < nr; i++) {
        uint32_t gfn = (uint32_t)gfns[i];

        if (fake.state[gfn] == OUT && !fake.free_pages) {
            errno = ENOENT;
            return NULL;
        }
        if (fake.state[gfn] == OUT)
            take_page(gfn, MAPPED);
        fake.state[gfn] = MAPPED;
    }
    return addr;
}

/* --- libxenctrl. --- */

int xc_mem_paging_features(xc_interface *xch, uint32_t domid)
{
    (void)xch;
    assert_int_equal(domid, DOMID);
    errno = ENODEV;
    return fake.target ? 0x1f : -1;
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
    (void)xch;
    memset(info, 0, sizeof(*info));
    info->free_pages = fake.free_pages;
    return 0;
}

int xc_domain_claim_pages(xc_interface *xch, uint32_t domid, unsigned long nr)
{
    (void)xch, (void)domid;
    if (nr > fake.free_pages) {
        errno = ENOMEM;
        return -1;
    }
    if (nr)
        fake.claimed = nr;
    return 0;
}

static void give_page(xen_pfn_t gfn)
{
    assert_true(gfn < NR_PAGES);
    assert_int_equal(fake.state[gfn], NONE);
    take_page((uint32_t)gfn, IN);
}

int xc_domain_populate_physmap(xc_interface *xch, uint32_t domid, unsigned long nr,
                               unsigned int order, unsigned int flags, xen_pfn_t *gfns)
{
    unsigned long i;

    (void)xch, (void)domid, (void)flags;
    for (i = 0; i < nr && fake.free_pages >= 1ul << order; i++)
        for (unsigned long j = 0; j < 1ul << order; j++)
            give_page(gfns[i] + j);
    if (order == 9)
        fake.superpages += i;
    return (int)i;
}

int xc_domain_populate_physmap_exact(xc_interface *xch, uint32_t domid, unsigned long nr,
                                     unsigned int order, unsigned int flags, xen_pfn_t *gfns)
{
    int done = xc_domain_populate_physmap(xch, domid, nr, order, flags, gfns);

    errno = EBUSY;
    return (unsigned long)done == nr ? 0 : -1;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
    (void)xch;
    if (cmd == XENVER_capabilities)
        strcpy(arg, "hvm-3.0-x86_64");
    return 4 << 16 | 17;
}

int xc_hvm_param_set(xc_interface *xch, uint32_t domid, uint32_t param, uint64_t value)
{
    (void)xch, (void)domid;
    assert_int_equal(param, HVM_PARAM_PAGING_RING_PFN);
    fake.ring_gfn = value;
    return 0;
}

/* --- Building. --- */

static void set_up_host(unsigned long free_pages, unsigned long target)
{
    memset(&fake, 0, sizeof(fake));
    errors_said[0] = '\0';
    fake.free_pages = fake.least_free = free_pages;
    fake.target = target;
    fake.page_outs = 64;
}

/* Up to where the kernel's pages have been mapped. */
static int build_with(xc_interface *xch)
{
    char type[] = "hvm-3.0-x86_32";
    struct xc_dom_image *dom = xc_dom_allocate(xch, NULL, NULL);
    int rc;

    assert_non_null(dom);
    dom->container_type = XC_DOM_HVM_CONTAINER;
    dom->guest_type = type;
    dom->total_pages = dom->target_pages = NR_PAGES;
    dom->lowmem_end = (uint64_t)NR_PAGES << XC_PAGE_SHIFT;
    dom->claim_enabled = 1;
    dom->paging_target = fake.target;
    assert_int_equal(xc_dom_boot_xen_init(dom, xch, DOMID), 0);
    assert_int_equal(xc_dom_set_arch_hooks(dom), 0);
    rc = xc_dom_boot_mem_init(dom);
    if (!rc && fake.kernel_pages && !xc_dom_boot_domU_map(dom, KERNEL_GFN, fake.kernel_pages))
        rc = -1;
    xc_dom_release(dom);
    return rc;
}

static int with_libxenguest(int (*fn)(xc_interface *))
{
    xc_interface *xch = open_libxenguest();
    int rc;

    assert_non_null(xch);
    rc = fn(xch);
    xc_interface_close(xch);
    return rc;
}

static int build(void)
{
    return with_libxenguest(build_with);
}

static void expect_whole(void)
{
    for (uint32_t gfn = 0; gfn < NR_PAGES; gfn++)
        assert_int_not_equal(fake.state[gfn], NONE);
}

/* --- The tests. --- */

static void a_guest_larger_than_free_memory_is_built(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 2, NR_PAGES / 4);
    assert_int_equal(build(), 0);
    expect_whole();
}

static void without_a_pager_it_fails_at_once(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 2, 0);
    assert_int_not_equal(build(), 0);
    assert_int_equal(fake.sleeps, 0);
}

static void some_memory_is_left_to_the_host(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 2, NR_PAGES / 4);
    assert_int_equal(build(), 0);
    assert_true(fake.least_free >= RESERVE);
}

static void a_slow_pager_is_waited_for(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 2, NR_PAGES / 4);
    fake.page_outs = 1;
    assert_int_equal(build(), 0);
    expect_whole();
    assert_true(fake.sleeps > NR_PAGES / 4);
}

static void but_not_for_ever(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 2, NR_PAGES / 4);
    fake.page_outs = 0;
    assert_int_not_equal(build(), 0);
    assert_in_range(fake.sleeps, 1000, 10000);
    assert_non_null(strstr(errors_said, "No memory for dom 7, and its pager makes no room"));
}

static void with_enough_memory_nobody_waits(void **state)
{
    (void)state;
    set_up_host(2 * NR_PAGES, NR_PAGES / 4);
    assert_int_equal(build(), 0);
    expect_whole();
    assert_int_equal(fake.sleeps, 0);
    assert_int_equal(fake.superpages, NR_PAGES / SUPERPAGE);
}

static void superpages_end_where_the_room_does(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 2, NR_PAGES / 4);
    assert_int_equal(build(), 0);
    assert_in_range(fake.superpages, NR_PAGES / SUPERPAGE / 4, NR_PAGES / SUPERPAGE / 2);
}

static void only_the_target_is_claimed(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 2, NR_PAGES / 4);
    assert_int_equal(build(), 0);
    assert_int_equal(fake.claimed, NR_PAGES / 4);
    set_up_host(2 * NR_PAGES, 0);
    assert_int_equal(build(), 0);
    assert_int_equal(fake.claimed, NR_PAGES);
}

static void a_target_above_free_memory_fails_at_once(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 4 - 1, NR_PAGES / 4);
    assert_int_not_equal(build(), 0);
    assert_int_equal(fake.sleeps, 0);
    assert_int_equal(fake.resident, 0);
}

static void a_kernel_that_is_out_is_mapped_as_fast_as_there_is_room(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 4 + 2 * RESERVE, NR_PAGES / 4);
    fake.kernel_pages = NR_PAGES / 8;
    assert_int_equal(build(), 0);
    for (uint32_t gfn = KERNEL_GFN; gfn < KERNEL_GFN + NR_PAGES / 8; gfn++)
        assert_int_equal(fake.state[gfn], MAPPED);
    assert_true(fake.least_free >= RESERVE);
}

static void a_kernel_larger_than_the_target_fails_in_time(void **state)
{
    (void)state;
    set_up_host(NR_PAGES / 4 + 2 * RESERVE, NR_PAGES / 4);
    fake.kernel_pages = NR_PAGES / 2;
    assert_int_not_equal(build(), 0);
    assert_true(fake.least_free >= RESERVE);
    assert_non_null(strstr(errors_said, "No memory for dom 7, and its pager makes no room"));
}

static int set_ring(xc_interface *xch)
{
    return xc_hvm_set_paging_ring(xch, DOMID);
}

static void the_ring_is_the_first_special_page(void **state)
{
    (void)state;
    set_up_host(0, 0);
    assert_int_equal(with_libxenguest(set_ring), 0);
    assert_int_equal(fake.ring_gfn, X86_HVM_END_SPECIAL_REGION - X86_HVM_NR_SPECIAL_PAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_larger_than_free_memory_is_built),
        cmocka_unit_test(without_a_pager_it_fails_at_once),
        cmocka_unit_test(some_memory_is_left_to_the_host),
        cmocka_unit_test(a_slow_pager_is_waited_for),
        cmocka_unit_test(but_not_for_ever),
        cmocka_unit_test(with_enough_memory_nobody_waits),
        cmocka_unit_test(superpages_end_where_the_room_does),
        cmocka_unit_test(only_the_target_is_claimed),
        cmocka_unit_test(a_target_above_free_memory_fails_at_once),
        cmocka_unit_test(a_kernel_that_is_out_is_mapped_as_fast_as_there_is_room),
        cmocka_unit_test(a_kernel_larger_than_the_target_fails_in_time),
        cmocka_unit_test(the_ring_is_the_first_special_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
