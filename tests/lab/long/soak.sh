# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
#
# A guest of two vCPUs goes over memory that does not fit, for $minutes, and each of them has another target:
# pages go out and in all the time, and none is ever bad. Two thirds of the time belong to one worker, which
# must not grow; then one is killed each minute, with or without its supervisor, or hands over, or its guest
# is saved and restored.
# lab: timeout 7200
# lab: cpus 2
# lab: toolstack patched
# lab: emulator mended

# worker_holds: its memory that is resident, in KiB, and how many files it has open.
worker_holds() {
    soak_worker=/proc/$(worker_pid a)
    kib=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB$/\1/p' "$soak_worker/status")
    # shellcheck disable=SC2012 # numbers
    files=$(ls "$soak_worker/fd" | wc -l)
    [ "$kib" -le "$most_kib" ] || most_kib=$kib
    [ "$files" -le "$most_files" ] || most_files=$files
}

a_minute() {
    minute=$((minute + 1))
    target=$((28 + minute % 3 * 6))
    ins=$(status_value a page-ins)
    squeeze_to a $target
    wait_until "guest a at $target MiB" 120 has_at_most "$(guest_domid a)" $(((target + 1) * 256))
    watch_resident a $((target + 2)) 45
    expect_status a page-ins $((ins + 100))
    worker_holds
    note "minute $minute: $(status_value a page-ins) page-ins, $(status_value a page-outs) page-outs," \
        "$(rounds_done a) rounds, the worker has $kib KiB and $files files"
}

# minutes_until LAST COMMAND...: each begins with the command.
minutes_until() {
    last=$1
    shift
    most_kib=0 most_files=0
    while [ $minute -lt "$last" ]; do
        "$@"
        a_minute
    done
}

trouble() {
    case $((minute % 4)) in
    0)  kill_worker a ;;
    1)  hand_over a ;;
    2)  kill_both a ;;
    3)  save_and_restore a $((target + 5))
        start_pager a ;;
    esac
}

start_guest a 112 2 mb=32
start_pager a
squeeze_to a 40
expect_resident a 40 2 300
minute=0
minutes_until $((minutes / 3)) true
early_kib=$most_kib early_files=$most_files
minutes_until $((minutes * 2 / 3)) true
note "the worker: at most $early_kib KiB and $early_files files, and later $most_kib KiB and $most_files files"
[ "$most_kib" -le $((early_kib + 1024)) ] || fail "the worker's memory has grown"
[ "$most_files" -le "$early_files" ] || fail "the worker opens more and more files"
minutes_until "$minutes" trouble
stalls a 1 "the death of the last pager" | note_times "workers that were killed or handed over"
end_thrashing
pass
