/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pager: tools/xenpaging2/, reduced to one page. It may die between any two of its steps;
 * then the next one takes over. In the end it has settled: this pager lives on, and nothing more has
 * to go out. Only then can all the model come to rest, and rest is allowed only with nothing
 * under way.
 *
 * Xen's -EAGAIN does not say whether a pin or a passing reference was in the way, so the pager
 * retries on events and after some time. Here the time never comes for a pinned page: the doorbell
 * alone must do.
 */

mtype = { nothing, nominated, written, passing, parked, blocked, unwanted };
mtype = { resident, wanted, returning };

bool settled;

#ifdef PAGER_LIVES
#define may_die false
#else
#define may_die !settled
#endif

#ifdef PROGRESS
/* The policy leaves a page alone until somebody used it since the last time. */
bool used = true;
#ifdef BREAK_NOMINATES_AT_ONCE
#define policy_offers (frame != NO_FRAME)
#else
#define policy_offers used
#endif
#define policy_offered used = false
#define completed(label) label: used = true
#else
#define policy_offers true
#define policy_offered skip
#define completed(label) skip
#endif

/* A refusal: the page waits for an event, or for some time; or the pager thinks better of it. */
inline page_out_step(out, f, rc)
{
    if
    :: d_step {
           out == nothing && !settled && policy_offers -> policy_offered;
           nominate(rc);
           out = (rc == done -> nominated : (rc == again_pinned -> blocked : nothing));
           rc = 0
       }
#ifdef BREAK_COPY_BEFORE_NOMINATED
    :: d_step { out == nothing && frame != NO_FRAME -> copy_newest = page[frame].newest }
#endif
    :: d_step {
           out == nominated -> store_newest = copy_newest;
           copy_newest = false;
           out = written
       }
    :: atomic {
           out == written && !event_pending -> evict(f, rc);
           if
           :: rc == done -> out = nothing
           :: rc == gone -> out = nothing
           :: rc == again_pinned -> out = parked
           :: rc == again_passing -> out = passing
           :: rc == again_pinned || rc == again_passing -> out = unwanted
           fi;
           rc = 0
       }
    :: d_step { out == passing -> out = written }
    :: d_step { out == unwanted -> cancel(); out = nothing }
    fi
}

/* All requests in the ring; each gets its response. Returns early if the pager dies. */
inline consume_ring(who, was_in)
{
    do
    :: atomic { nempty(ring) -> ring?who; prepare(was_in) }
       if
       :: respond(who, was_in)
       :: may_die -> goto died
       fi
    :: empty(ring) -> break
    od
}

#ifdef BREAK_ANSWERS_ONLY_LOADS
#define needs_response(was_in) (!was_in)
#else
#define needs_response(was_in) true
#endif

inline respond(who, was_in)
{
    d_step {
        true ->
        if
        :: needs_response(was_in) -> vm_event_resume(who)
        :: else
        fi
        who = 0;
        was_in = false
    }
}

/* XENMEM_paging_batch_query */
inline query(t)
{
    if
    :: type != paging_in -> t = (type == paging_out -> nominated : resident)
    :: else -> t = (frame == NO_FRAME -> wanted : returning)
    fi
}

/* What follows from the answer. A page that is out, and not wanted, stays out. */
inline take_over(t, was_in)
{
    if
    :: t == nominated -> cancel()
#ifndef BREAK_ATTACH_LOADS_NOT
    :: t == wanted -> prepare(was_in)
#endif
    :: t == returning -> prepare(was_in)
    :: else
    fi
    t = 0;
    was_in = false
}

proctype pager()
{
    mtype out = nothing, rc, t;
    bool was_in;
    byte f = NO_FRAME, who;

    goto attached;

died:
    atomic {
        printf("pager: dies\n");
        out = nothing; t = 0; was_in = false; who = 0; copy_newest = false
    }
    completed(progress_attaches);
#ifdef BREAK_QUERY_BEFORE_ENABLE
    d_step { query(t) }
    d_step { vm_event_enable(who) }
#else
    d_step { vm_event_enable(who) }
    d_step { query(t) }
#endif
    if
    :: d_step { take_over(t, was_in) }
    :: may_die -> goto died
    fi;

attached:
    do
    :: page_out_step(out, f, rc)
    :: event_pending ->
       event_pending = false;
       consume_ring(who, was_in);
       out = (out == parked -> written : (out == blocked -> nothing : out))
    :: may_die -> goto died
    :: !settled -> settled = true
    :: out == nothing && settled && !event_pending -> goto rest
    od;

rest:
end_rest:
    event_pending;
    goto attached
}
