# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pagers on the same work, one after the other in one boot: PAGERS, of "old" and "ours". Says lines
# "BENCH PAGER WHAT ..." that tests/bench/part-lab makes figures of.
#
# There is one processor, since only then instructions can be counted. A guest whose page is there runs
# at once all the same, as if dom0 had one of its own: its weight is 16 times that of dom0. Not so the
# one that thrashes, whose pager would not get the processor for evictions.
#
# lab: timeout 7200
# lab: icount 1
# lab: emulator mended
# lab: xen-options sched=credit2 sched_ratelimit_us=0
# lab: cpus 1
# lab: dom0-cpus 1
# lab: dom0-memory 1000

MIB=192        # of the guest
REGION=110     # that it uses of them
TOUCH_US=2000  # between two touches
LINES=16       # of 64 page-ins each, for one distribution of their delays
SQUEEZES=6     # during which delays are taken, too
ROUNDS=1       # of the guest that thrashes

# set_weight GUEST WEIGHT: dom0's is 256.
set_weight() {
    xl sched-credit2 -d Domain-0 -w 256
    xl sched-credit2 -d "$1" -w "$2"
}

bench_start_pager() {
    case $pager in
    old)  start_old_pager "$1" xenpaging-repaired ;;
    ours) start_pager "$1" ;;
    esac
}

# timed WHAT COMMAND...: what lab-bench-pager says of it.
timed() {
    timed_what=$1
    shift
    timed_said=$(lab-bench-pager "$(guest_domid a)" "$@") || fail "$pager: $timed_what took too long"
    echo "BENCH $pager $timed_what $timed_said"
}

# delays WHAT FIRST LAST: the lines of the guest's console from FIRST to LAST, of those with delays.
delays() {
    grep '^workload: touched=' "$(guest_console a)" | tr -d '\r' | sed -n "$2,$3p" |
        sed "s/^workload: /BENCH $pager $1 /"
}

nr_delay_lines() {
    grep -c '^workload: touched=' "$(guest_console a)" || true
}

has_delay_lines() {
    SEEN=$(nr_delay_lines)
    [ "$SEEN" -ge "$1" ]
}

# The line that was begun before does not count. Looks seldom: it takes the processor for milliseconds,
# for which a page-in then waits.
delays_at_rest() {
    rest_first=$(( $(nr_delay_lines) + 2 ))
    rest_last=$((rest_first + LINES - 1))
    sleep 4
    wait_until "$LINES lines of delays" 600 has_delay_lines "$rest_last"
    delays at-rest "$rest_first" "$rest_last"
}

# From all to a quarter, again and again, while the guest touches its pages.
delays_while_evicting() {
    for squeeze in $(seq "$SQUEEZES"); do
        timed "refill-$squeeze" target $(((MIB - 4) * 1024))
        evicting_first=$(( $(nr_delay_lines) + 2 ))
        timed "squeeze-$squeeze" target $((MIB * 1024 / 4))
        delays while-evicting "$evicting_first" "$(nr_delay_lines)"
    done
}

bench_squeezed() {
    start_guest a "$MIB" 1 "mb=$REGION" "touch_us=$TOUCH_US"
    set_weight a 4096
    bench_start_pager a
    xl pause a
    timed to-half target $((MIB * 1024 / 2))
    timed to-quarter target $((MIB * 1024 / 4))
    xl unpause a
    delays_at_rest
    delays_while_evicting
    xl pause a
    timed drain drain "$(pager_pid a)"
    expect_exit "$(pager_pid a)" 0 60
    destroy_guest a
}

# A guest goes over a region of which less than its size stays in memory.
bench_thrashing() {
    start_guest b 112 1 mb=32 pattern=random
    set_weight b 256
    bench_start_pager b
    squeeze_to b 28
    expect_resident b 28 1 600
    verify_guest b "$ROUNDS" 3000
    grep '^workload: round=' "$(guest_console b)" | tr -d '\r' | tail -n "$ROUNDS" |
        sed "s/^workload: /BENCH $pager thrash /"
    destroy_guest b
    wait_until "the end of the pager" 60 has_ended "$(pager_pid b)"
}

for pager in $PAGERS; do
    bench_squeezed
done
for pager in $PAGERS; do
    bench_thrashing
done
pass
