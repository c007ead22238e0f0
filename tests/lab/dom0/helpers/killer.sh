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

# note_stalls NAME: median and maximum of the time from death to first page-in.
note_stalls() {
    note "from death to first page-in: $(sed -n 's/.*the first page-in after.* in \([0-9]*\) ms$/\1/p' \
        "$(pager_log "$1")" | sort -n |
        awk '{ ms[NR] = $1 } END { print "median " ms[int((NR + 1) / 2)] " ms, max " ms[NR] " ms, of " NR }')"
}

# kill_while_thrashing VCPUS KILLS: workers, at random moments, while pages go out and in.
kill_while_thrashing() {
    start_guest a 112 "$1" mb=32
    start_pager a
    squeeze_to a 40
    expect_resident a 40 2 300
    expect_status a refaults 100
    kill_rounds=$(rounds_done a)
    kill_nr=0
    while [ $kill_nr -lt "$2" ]; do
        kill_worker a
        kill_nr=$((kill_nr + 1))
        usleep "$(random_ms 1100 3000)000"
    done
    note "$kill_nr workers were killed; rounds of the guest meanwhile: $(($(rounds_done a) - kill_rounds))"
    note_stalls a
    verify_guest a 2 600
    stop_pager a 600
    expect_nothing_out a
    verify_guest a 1 300
    destroy_guest a
}
