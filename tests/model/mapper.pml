/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A program of dom0. It maps the page for reading or writing, uses and unmaps it, or has Xen copy
 * from it by a grant; as often as it likes, and it may stop in between.
 */

/*
 * mod_l1_entry() for a foreign page: the lookup's pin and reference last until the page table
 * entry has its own. f becomes NO_FRAME if there is no room for pins.
 */
inline map(writes, f, t)
{
    do
    :: get_page_from_gfn(writes, true, f, t);
       if
       :: f == NO_FRAME && t == paged -> p2m_mem_paging_populate(FOREIGN, t); wait_for_frame()
       :: f == NO_FRAME && t == paging_in -> wait_for_frame()
       :: f == NO_FRAME && t != paged && t != paging_in -> break
       :: f != NO_FRAME -> get_page_from_l1e(f); break
       fi
    od
}

/* -ENOENT: libxenforeignmemory tries again and again, which has no effect until then. */
inline wait_for_frame()
{
    !(type == paging_in && frame == NO_FRAME)
}

inline get_page_from_l1e(f)
{
    get_page(f);
    if
    :: d_step { !no_more_pins(f) -> page_pin(f) }
       page_unpin(f);
       put_page(f)
    :: no_more_pins(f) ->
       put_page(f);
       page_unpin(f);
       d_step { put_page(f); f = NO_FRAME }
    fi
}

inline use_mapping(writes, f)
{
progress_uses:
    do
    :: break
    :: d_step { printf("mapper %d: reads\n", me); assert(page[f].newest) }
    :: d_step { writes -> printf("mapper %d: writes\n", me); write_frame(f) }
    od
}

/* put_page_from_l1e() */
inline unmap(f)
{
#ifdef BREAK_PUT_BEFORE_UNPIN
    put_page(f);
    page_unpin(f);
    f = NO_FRAME
#else
    page_unpin(f);
    d_step { put_page(f); f = NO_FRAME; printf("mapper %d: has unmapped the page\n", me) }
#endif
}

/*
 * gnttab_copy() from the page: get_paged_frame() populates a page of any paging type, a nominated
 * one too, and says GNTST_eagain. Its reference is a passing one, without a pin.
 */
inline grant_copy(f, t)
{
    do
    :: get_page_from_gfn(false, false, f, t);
       if
       :: type_is_paging(t) ->
           if
           :: d_step { f != NO_FRAME -> put_page(f); f = NO_FRAME }
           :: f == NO_FRAME
           fi;
           p2m_mem_paging_populate(FOREIGN, t);
           type != paging_in
       :: !type_is_paging(t) -> break
       fi
    od;
    atomic {
        printf("mapper %d: copies by a grant\n", me);
        assert(page[f].newest);
        put_page(f);
        f = NO_FRAME
    }
}

proctype mapper(byte me)
{
    bool writes;
    byte f = NO_FRAME;
    mtype t;

    do
    :: break
#ifndef NO_GRANTS
    :: grant_copy(f, t);
       completed(progress_copied)
#endif
    :: atomic {
           if
           :: writes = false
#ifndef READ_ONLY
           :: writes = true
#endif
           fi
       }
       map(writes, f, t);
       if
       :: d_step { f != NO_FRAME -> t = 0; printf("mapper %d: has mapped the page\n", me) }
          use_mapping(writes, f);
          unmap(f)
       :: d_step { f == NO_FRAME -> t = 0; printf("mapper %d: is refused\n", me) }
       fi;
       writes = false;
       completed(progress_unmapped)
    od
}
