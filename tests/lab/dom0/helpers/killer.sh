# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pagers that are killed. A pager is two processes: a worker, and its supervisor, which start_pager
# has started.

# worker_pid NAME
worker_pid() {
    tr -d " " < "/proc/$(pager_pid "$1")/task/$(pager_pid "$1")/children"
}

# first_page_ins NAME: how many workers have served a page after another one has died or handed over.
first_page_ins() {
    grep -c 'the first page-in after' "$(pager_log "$1")" || true
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

# stalls NAME FROM [AFTER]: the times from death, or start, to first page-in, from the FROMth on.
stalls() {
    sed -n "s/.*the first page-in after ${3-.*}, in \([0-9]*\) ms\$/\1/p" "$(pager_log "$1")" | tail -n "+$2"
}

# note_times WHAT < TIMES
note_times() {
    note "$1: from death to first page-in $(sort -n |
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
    stalls a $kill_from | note_times "workers that were killed"
}

# uptime_ms: of dom0.
uptime_ms() {
    awk '{ printf "%d", $1 * 1000 }' /proc/uptime
}

# kill_both NAME: worker and supervisor; then a pager is started by hand. The new one's first page-in
# counts from its start.
kill_both() {
    kill_served=$(first_page_ins "$1")
    kill_pids="$(pager_pid "$1") $(worker_pid "$1")"
    kill_ms=$(uptime_ms)
    # shellcheck disable=SC2086
    kill -KILL $kill_pids
    for kill_pid in $kill_pids; do
        wait_until "the end of process $kill_pid" 30 has_ended "$kill_pid"
    done
    kill_ms=$(($(uptime_ms) - kill_ms))
    start_pager "$1"
    wait_until "a page-in after the death of guest $1's pager" 120 has_served "$1" $((kill_served + 1))
    echo $((kill_ms + $(stalls "$1" $((kill_served + 1))))) >> /run/lab/kill-both
}

# kill_both_often TIMES
kill_both_often() {
    : > /run/lab/kill-both
    again_and_again "$1" kill_both a
    note_times "workers killed with their supervisors" < /run/lab/kill-both
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
    stalls a $kill_from | note_times "pagers that handed over"
}

# end_thrashing: nothing is lost.
end_thrashing() {
    verify_guest a 2 600
    stop_pager a 600
    expect_nothing_out a
    verify_guest a 1 300
    destroy_guest a
}
