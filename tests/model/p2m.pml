/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The p2m entry of the one gfn, and the lookup that takes a reference.
 *
 * What Xen does under one hold of the p2m lock is one step. It may be one, although count_info is
 * changed without that lock: a first reference needs the lock, so meanwhile others can only drop
 * references and pins, or add to those that they have.
 */

mtype = { ram_rw, paging_out, paged, paging_in };

mtype type = ram_rw;
byte frame = 0;

#define type_is_paging(t) ((t) != ram_rw)

#if defined(STOCK) || defined(BREAK_LOOKUP_CANCELS_NOT)
#define lookup_cancels(write) false
#else
#define lookup_cancels(write) (write)
#endif

/* get_page(), and page_pin() if asked for. f becomes NO_FRAME if there is no room for a pin. */
inline take_references(pin, f)
{
    if
    :: f == NO_FRAME
    :: f != NO_FRAME && pin && no_more_pins(f) -> f = NO_FRAME
    :: f != NO_FRAME && pin && !no_more_pins(f) -> get_page(f); page_pin(f)
    :: f != NO_FRAME && !pin -> get_page(f)
    fi
}

/*
 * get_page_from_gfn(): f becomes the frame or NO_FRAME, t the type seen. write is P2M_UNSHARE, pin is
 * P2M_PIN. If the fast path, with the read lock, is of no use it leaves no trace; so the step is
 * the path that succeeds. The slow one takes a nominated frame back for a writer.
 */
inline get_page_from_gfn(write, pin, f, t)
{
#ifdef BREAK_REFERENCE_AFTER_UNLOCK
    d_step { t = type; f = frame }
    d_step { take_references(pin, f) }
#else
    d_step {
        if
        :: type == paging_out && lookup_cancels(write) ->
            type = ram_rw;
            printf("Xen: the lookup cancels the nomination\n")
        :: else
        fi
        t = type;
        f = frame;
        take_references(pin, f)
    }
#endif
}
