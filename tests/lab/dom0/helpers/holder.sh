# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pages of a guest that a program of dom0 keeps mapped. One such program at a time.

HOLDER_LOG=/run/lab/holder.log

# start_holder NAME FIRST COUNT: keeps the gfns from FIRST on.
start_holder() {
    : > $HOLDER_LOG
    follow_log holder $HOLDER_LOG
    lab-holder "$(guest_domid "$1")" "$2" "$3" >> $HOLDER_LOG 2>&1 </dev/null &
    holder=$!
    wait_line $HOLDER_LOG '^held' 200
}

# release_one MS: it unmaps one, which has to be out in that time.
release_one() {
    release_nr=$(grep -c '^out after' $HOLDER_LOG || true)
    kill -USR1 "$holder"
    wait_until "a page that was let go to be out" 60 were_released $((release_nr + 1))
    release_us=$(sed -n 's/^out after \([0-9]*\) us/\1/p' $HOLDER_LOG | tail -n 1)
    [ "$release_us" -le $(($1 * 1000)) ] || fail "a page was out only $release_us us after it was let go"
}

were_released() {
    SEEN=$(tail -n 1 $HOLDER_LOG)
    [ "$(grep -c '^out after' $HOLDER_LOG)" -ge "$1" ]
}

# stop_holder: it unmaps all it has left.
stop_holder() {
    kill -TERM "$holder"
    expect_exit "$holder" 0 60
}

# hold_while_thrashing PAGES SECONDS: that many pages of a guest are held that long, while 12 MiB are
# left to a workload of 16. Others go out and come in as ever, and when the target asks for what is
# held, it is met as soon as that is let go.
hold_while_thrashing() {
    hold_mib=$(($1 / 256))
    start_guest a 112 1 mb=16
    start_pager a
    # The kernel's code and data are from 16 MiB on.
    start_holder a 4096 "$1"
    squeeze_to a $((hold_mib + 12))
    expect_resident a $((hold_mib + 12)) 1 300
    note_traffic "before"
    watch_resident a $((hold_mib + 14)) "$2"
    expect_status a page-outs $((traffic_outs + 100))
    note_traffic "after $2 s more"
    verify_guest a 1 300
    squeeze_to a $((hold_mib - 4))
    wait_until "what is not held to be out" 300 has_at_most "$(guest_domid a)" $(($1 + 2048))
    note "held are $1 pages; $SEEN"
    stop_holder
    expect_resident a $((hold_mib - 4)) 1 300
    stop_pager a 400
    expect_nothing_out a
    verify_guest a 1 300
    destroy_guest a
}

note_traffic() {
    traffic_outs=$(status_value a page-outs)
    note "$1: $(status_value a page-ins) page-ins, $traffic_outs page-outs, $(status_value a parked) parked"
}
