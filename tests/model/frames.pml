/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Frames: struct page_info with its count_info, and what is in them.
 *
 * Whatever Xen does with one cmpxchg on count_info is one step here, with no lock held for it.
 *
 * Of a page's versions only one question matters: is this the newest? So each place that can hold the
 * page has a bit for it, and a write clears the bit everywhere else. This says as much as a
 * counter that never ends, and it keeps the number of states finite.
 */

#define NR_FRAMES 2
#define NO_FRAME NR_FRAMES

/* Of 24 bits in Xen; few enough to overflow here. */
#define MAX_PINS 3

typedef page_info {
    byte refs;    /* PGC_count_mask; one is the guest's own, PGC_allocated */
    byte pins;    /* PGC_pin_mask; always 0 on stock Xen */
    bool notify;  /* PGC_pin_notify: the last unpin is to ring the doorbell */
    bool newest;
}

page_info page[NR_FRAMES];
bool copy_newest;   /* the pager's buffer */
bool store_newest;  /* the pager's store, which survives the pager */

/* Both of the paging event channel: a request is in the ring, or the doorbell. A bit that stays. */
bool event_pending;

inline write_frame(f)
{
    d_step {
        page[0].newest = false;
        page[1].newest = false;
        copy_newest = false;
        store_newest = false;
        page[f].newest = true
    }
}

/* get_page(). Under the p2m lock, or with another reference, it cannot fail. */
inline get_page(f)
{
    d_step { assert(page[f].refs > 0); page[f].refs++ }
}

/* put_page(), and free_domheap_page() with the last one. */
inline put_page(f)
{
    d_step {
        assert(page[f].refs > 0);
        page[f].refs--;
        assert(page[f].pins <= page[f].refs);
        page[f].newest = page[f].newest && page[f].refs > 0;
        page[f].notify = page[f].notify && page[f].refs > 0
    }
}

#ifdef STOCK
#define no_more_pins(f) false
#define page_pin(f) skip
#define page_unpin(f) skip
#else

#ifdef BREAK_PIN_WRAPS
#define no_more_pins(f) false
#else
#define no_more_pins(f) (page[f].pins == MAX_PINS)
#endif

/* page_pin_gfn(). The caller has a reference, and has looked at no_more_pins() in the same step. */
inline page_pin(f)
{
    page[f].pins = (page[f].pins + 1) % (MAX_PINS + 1);
    assert(page[f].pins <= page[f].refs)
}

#define is_last_blocker(f) (page[f].notify && page[f].pins == 1)

/* page_unpin_gfn(): the cmpxchg, and after it p2m_mem_paging_unpinned(), for which nothing is held. */
inline page_unpin(f)
{
    if
    :: d_step { !is_last_blocker(f) -> assert(page[f].pins > 0); page[f].pins-- }
    :: d_step { is_last_blocker(f) -> page[f].pins = 0; page[f].notify = false }
#ifndef BREAK_UNPIN_RINGS_NOT
       d_step { event_pending = true; printf("Xen: rings the doorbell\n") }
#endif
    fi
}
#endif
