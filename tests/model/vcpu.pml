/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A vCPU of the guest. It reads and writes as often as it likes, and may stop in between.
 */

/*
 * One instruction: the processor walks the nested page table and reads or writes. Every type but
 * ram_rw is not present there. p2m_set_entry() flushes the TLBs before it comes back.
 */
inline read_page(me)
{
    d_step { type == ram_rw -> printf("vCPU %d: reads\n", me); assert(page[frame].newest) }
}

inline write_page(me)
{
    d_step { type == ram_rw -> printf("vCPU %d: writes\n", me); write_frame(frame) }
}

/*
 * hvm_hap_nested_page_fault(): looks at the entry with the lock held, and cancels a nomination in
 * place; else it lets go of the lock and populates.
 */
inline nested_page_fault(me, t)
{
    if
#ifdef STOCK
    :: type == paging_in -> type != paging_in   /* it faults again and again until then */
    :: type == paging_out || type == paged ->
#else
    :: d_step {
           type == paging_out -> type = ram_rw;
           printf("Xen: the fault of vCPU %d cancels the nomination\n", me)
       }
    :: type == paged || type == paging_in ->
#endif
        p2m_mem_paging_populate(me, t);
        !paused[me]
    fi
}

proctype vcpu(byte me)
{
    mtype t;

    do
    :: break
    :: do
       :: read_page(me); break
       :: write_page(me); break
       :: nested_page_fault(me, t)
       od;
       completed(progress_accessed)
    od
}
