/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One page of a guest, its pager, the guest's vCPUs and programs of dom0 that map the page.
 * README.md says what this shows. STOCK gives the rules of Xen 4.17, each BREAK_ switch breaks a
 * rule of the patched one.
 */

#include "frames.pml"
#include "p2m.pml"
#include "paging.pml"
#include "pager.pml"
#include "vcpu.pml"
#include "mapper.pml"

#ifndef VCPUS
#define VCPUS 2
#endif
#ifndef MAPPERS
#define MAPPERS 2
#endif

init {
    byte i = 0;

    atomic {
        page[0].refs = 1;
        page[0].newest = true;
        run pager();
        do
        :: i < VCPUS -> run vcpu(i); i++
        :: else -> break
        od;
        i = 0;
        do
        :: i < MAPPERS -> i++; run mapper(i)
        :: else -> break
        od;
        i = 0
    }
}
