# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pagers that are killed. A pager is two processes: a worker, and its supervisor, which start_pager
# has started.

# worker_pid NAME
worker_pid() {
    tr -d " " < "/proc/$(pager_pid "$1")/task/$(pager_pid "$1")/children"
}

# first_page_ins NAME: how many workers have served a page after the death of another one.
first_page_ins() {
    grep -c 'the first page-in after the death' "$(pager_log "$1")" || true
}

has_served() {
    SEEN=$(tail -n 1 "$(pager_log "$1")")
    process_runs "$(pager_pid "$1")" || fail "the supervisor of guest $1 has ended: $SEEN"
    [ "$(first_page_ins "$1")" -ge "$2" ]
}

# random_ms FROM TO
random_ms() {
    echo $(($1 + $(od -An -N2 -tu2 /dev/urandom) % ($2 - $1)))
}

# kill_worker NAME: and waits until the next one has served a page.
kill_worker() {
    kill_served=$(first_page_ins "$1")
    kill -KILL "$(worker_pid "$1")" || fail "guest $1 has no worker"
    wait_until "a page-in after the death of guest $1's worker" 120 has_served "$1" $((kill_served + 1))
}

# stalls NAME FROM: the times from death to first page-in, from the FROMth on.
stalls() {
    sed -n 's/.*the first page-in after.* in \([0-9]*\) ms$/\1/p' "$(pager_log "$1")" | tail -n "+$2"
}

# note_stalls NAME FROM WHAT
note_stalls() {
    note "$3: from death to first page-in $(stalls "$1" "$2" | sort -n |
        awk '{ ms[NR] = $1 } END { print "median " ms[int((NR + 1) / 2)] " ms, max " ms[NR] " ms, of " NR }')"
}

# start_thrashing VCPUS [OPTION...]: a guest, which does not have what it works on, and its pager.
start_thrashing() {
    start_guest a 112 "$1" mb=32
    shift
    start_pager a "$@"
    squeeze_to a 40
    expect_resident a 40 2 300
    expect_status a refaults 100
}

# again_and_again TIMES COMMAND...: with the guest at work in between, for a random time: a worker that
# dies too soon is on its way to be given up.
again_and_again() {
    again_nr=0
    again_times=$1
    again_rounds=$(rounds_done a)
    shift
    while [ $again_nr -lt "$again_times" ]; do
        "$@"
        again_nr=$((again_nr + 1))
        usleep "$(random_ms 1100 3000)000"
    done
    note "$again_nr times $*; rounds of the guest meanwhile: $(($(rounds_done a) - again_rounds))"
}

# kill_workers TIMES
kill_workers() {
    kill_from=$(($(first_page_ins a) + 1))
    again_and_again "$1" kill_worker a
    note_stalls a $kill_from "workers that were killed"
}

# kill_both NAME: worker and supervisor; then a pager is started by hand.
kill_both() {
    kill_refaults=$(status_value "$1" refaults)
    kill_pids="$(pager_pid "$1") $(worker_pid "$1")"
    # shellcheck disable=SC2086
    kill -KILL $kill_pids
    for kill_pid in $kill_pids; do
        wait_until "the end of process $kill_pid" 30 has_ended "$kill_pid"
    done
    start_pager "$1"
    expect_status "$1" refaults $((kill_refaults + 1))
}

# hand_over NAME: to the program that is at the pager's place by now.
hand_over() {
    kill_served=$(first_page_ins "$1")
    kill -USR2 "$(pager_pid "$1")"
    wait_until "a page-in after guest $1's pager has handed over" 120 has_served "$1" $((kill_served + 1))
}

# hand_over_often TIMES
hand_over_often() {
    kill_from=$(($(first_page_ins a) + 1))
    again_and_again "$1" hand_over a
    note_stalls a $kill_from "pagers that handed over"
}

# end_thrashing: nothing is lost.
end_thrashing() {
    verify_guest a 2 600
    stop_pager a 600
    expect_nothing_out a
    verify_guest a 1 300
    destroy_guest a
}
