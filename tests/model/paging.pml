/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * xen/arch/x86/mm/mem_paging.c, and the ring of vm_event.c.
 */

#define NR_VCPUS 2
#define FOREIGN NR_VCPUS  /* a request for which no vCPU is paused */

/* If it is full, a sender waits here, as a vCPU does in vm_event_claim_slot(). */
chan ring = [3] of { byte };

bool paused[NR_VCPUS];    /* vm_event_pause_count */

/* What the operations return. For the pager, Xen's -EAGAIN is one code; see pager.pml. */
mtype = { done, again_pinned, again_passing, gone };

/*
 * p2m_mem_paging_populate(). who is the vCPU, or FOREIGN. Xen claims a slot of the ring, changes
 * the entry under the lock, pauses the vCPU, puts the request: three steps that matter.
 */
inline p2m_mem_paging_populate(who, t)
{
    d_step {
        t = type;
        type = (t == paging_out || t == paged -> paging_in : t)
    }
    if
    :: who != FOREIGN && type_is_paging(t) ->
        paused[who] = true;
        put_request(who)
    :: who == FOREIGN && (t == paging_out || t == paged) ->
        put_request(FOREIGN)
    :: else  /* it is back, or on its way */
    fi
}

inline put_request(who)
{
    atomic {
        ring!who;
        event_pending = true;
        printf("Xen: puts a request, %d vCPU is paused for it\n", who != FOREIGN)
    }
}

/* check_refs(): one look at count_info, or one cmpxchg that sets notify. */
inline check_refs(f, expected, rc)
{
    if
    :: page[f].pins > 0 ->
#ifndef BREAK_REFUSAL_SETS_NO_NOTIFY
        page[f].notify = true;
#endif
        rc = again_pinned
    :: else -> rc = (page[f].refs == expected -> done : again_passing)
    fi
}

/* nominate(), with the copy, for which the guest must not be able to write any more. */
inline nominate(rc)
{
    rc = gone;
    if
    :: type == ram_rw ->
#ifdef BREAK_NOMINATE_CHECKS_NOT
        rc = done;
#else
        check_refs(frame, 1, rc);
#endif
    :: else
    fi
    if
    :: rc == done ->
        type = paging_out;
#ifndef BREAK_COPY_BEFORE_NOMINATED
        copy_newest = page[frame].newest;
#endif
        printf("Xen: the page is nominated and copied\n")
    :: else
    fi
}

#ifdef BREAK_EVICT_IGNORES_TYPE
#define evict_may(t) (t == paging_out || t == ram_rw)
#else
#define evict_may(t) (t == paging_out)
#endif

/* evict() */
inline evict(f, rc)
{
    rc = gone;
    if
    :: evict_may(type) ->
        f = frame;
        get_page(f);
#ifdef BREAK_EVICT_CHECKS_NOT
        rc = done;
#else
        check_refs(f, 2, rc);
#endif
    :: else
    fi
    if
    :: rc == done ->
        type = paged;
        frame = NO_FRAME;
        put_page(f);                /* put_page_alloc_ref() */
        page[f].newest = false;     /* scrub_one_page() */
        printf("Xen: the page is evicted\n")
    :: else
    fi
    if
    :: f != NO_FRAME -> put_page(f)
    :: else
    fi
    f = NO_FRAME
}

/* prepare(), with the store's copy in the buffer. */
inline prepare(was_in)
{
    was_in = frame != NO_FRAME;
    if
    :: frame == NO_FRAME && (type == paged || type == paging_in) ->
        frame = (page[0].refs == 0 -> 0 : 1);
        assert(page[frame].refs == 0);
        page[frame].refs = 1;
        page[frame].newest = store_newest;
        store_newest = false;           /* its slot is free now */
        type = ram_rw;
        printf("Xen: the page is loaded\n")
    :: frame != NO_FRAME && type == paging_in -> type = ram_rw
    :: else
    fi
}

/* p2m_mem_paging_cancel() for the pager */
inline cancel()
{
    type = (type == paging_out -> ram_rw : type)
}

/* vm_event_resume(): prep has left nothing to do for p2m_mem_paging_resume(), and a vCPU goes on. */
inline vm_event_resume(who)
{
    if
    :: who != FOREIGN -> paused[who] = false; printf("Xen: vCPU %d goes on\n", who)
    :: else
    fi
}

/*
 * vm_event_enable() on top of a dead pager's ring, under ved->lock. Requests in that ring are lost.
 * Who was paused for paging goes on, and asks again. Binding the channel leaves an event pending.
 */
inline vm_event_enable(who)
{
    do
    :: nempty(ring) -> ring?who
    :: empty(ring) -> break
    od
    who = 0;
#ifndef BREAK_ENABLE_RELEASES_NOT
    paused[0] = false;
    paused[1] = false;
#endif
    event_pending = true
}
