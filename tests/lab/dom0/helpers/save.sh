# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Guests that are saved or migrated while they are paged. One at a time. What xl says of it is in
# $SAVE_LOG, the lab's save.log.

SAVE_LOG=/run/lab/save.log

# run_saver NAME COMMAND...: xl save or xl migrate of guest NAME in the background. Sets saver, its process,
# and save_domid.
run_saver() {
    save_domid=$(guest_domid "$1")
    shift
    : >> $SAVE_LOG
    follow_log save $SAVE_LOG
    save_from=$(wc -l < $SAVE_LOG)
    "$@" >> $SAVE_LOG 2>&1 </dev/null &
    saver=$!
}

# expect_saver CODE SECONDS: it ends with CODE in time.
expect_saver() {
    expect_exit "$saver" "$1" "$2"
}

# expect_saver_said TEXT: since it was started.
expect_saver_said() {
    tail -n "+$((save_from + 1))" $SAVE_LOG | grep -qF -e "$1" || fail "xl did not say '$1'"
}

# wait_suspended SECONDS: until the saver has suspended its guest.
wait_suspended() {
    wait_until "domain $save_domid to be suspended" "$1" is_suspended
}

# Suspended is shut down with reason 2, SHUTDOWN_suspend in Xen's public sched.h.
is_suspended() {
    SEEN=$(lab-dominfo "$save_domid" 2>/dev/null | tr '\n' ' ')
    process_runs "$saver" || fail "not suspended, but: $(tail -n 1 $SAVE_LOG)"
    case $SEEN in
    *shutdown=1*reason=2*)  return 0 ;;
    esac
    return 1
}

# watch_saver MIB SECONDS: until it has ended, with 0. Until then no more than that of the guest may be
# in memory at any moment.
watch_saver() {
    watch_end=$(( $(now) + $2 ))
    watch_most=0
    while process_runs "$saver"; do
        [ "$(now)" -lt "$watch_end" ] || fail "not saved in $2 s: $(tail -n 1 $SAVE_LOG)"
        watch_now=$(resident_pages "$save_domid")
        [ "${watch_now:-0}" -le "$watch_most" ] || watch_most=$watch_now
        sleep 0.1
    done
    expect_saver 0 1
    note "domain $save_domid: at most $watch_most pages were in memory"
    [ "$watch_most" -le $(($1 * 256)) ] || fail "$watch_most pages were in memory, more than $1 MiB"
}

# whole_pages DOMID: its pages, out or not, at one moment.
whole_pages() {
    lab-dominfo "$1" | awk -F= '/^(resident|paged)=/ { sum += $2 } END { print sum }'
}

# expect_whole NAME PAGES: as many pages as it had; Xen's own may differ by a few.
expect_whole() {
    whole_now=$(whole_pages "$(guest_domid "$1")")
    note "guest $1 has $whole_now pages, and had $2"
    [ "$whole_now" -ge $(($2 - 16)) ] || fail "guest $1 had $2 pages, and has $whole_now"
}

# save_thrashing ROUNDS: each time the guest is squeezed to half of its memory, which is less than its
# workload goes over, is saved and restored, and verifies all of its memory.
save_thrashing() {
    start_guest a 112 1 mb=32
    save_round=0
    while [ $save_round -lt "$1" ]; do
        save_round=$((save_round + 1))
        thrash_at a 56
        save_and_restore a 61
        expect_whole a "$save_pages"
        verify_guest a 1 300
        note "round $save_round: good"
    done
    destroy_guest a
}

# save_and_restore NAME MIB: its pager ends with it; until then no more than MIB is in memory.
save_and_restore() {
    run_saver "$1" xl save "$1" "/run/lab/$1.save"
    watch_saver "$2" 1500
    expect_exit "$(pager_pid "$1")" 0 60
    xl restore "/run/lab/$1.save" || fail "xl restore failed"
    rm "/run/lab/$1.save"
}

# migrate_thrashing ROUNDS: likewise, migrated within the host while it runs. The console of a guest
# that came in has the name it had on the way.
migrate_thrashing() {
    start_guest a 112 1 mb=32
    : > "$(guest_console a--incoming)"
    follow_log guest-a--incoming "$(guest_console a--incoming)"
    migrate_round=0
    while [ $migrate_round -lt "$1" ]; do
        migrate_round=$((migrate_round + 1))
        thrash_at a 56
        run_saver a xl migrate -s '' a 'exec xl migrate-receive'
        watch_saver 61 1500
        expect_exit "$(pager_pid a)" 0 60
        expect_whole a "$save_pages"
        verify_guest a--incoming 1 300
        note "round $migrate_round: good"
    done
    destroy_guest a
}

# thrash_at NAME MIB: starts a pager, and waits until pages go out and in at this target. Sets
# save_pages to the number of pages the guest has.
thrash_at() {
    start_pager "$1"
    squeeze_to "$1" "$2"
    expect_resident "$1" "$2" 1 300
    expect_status "$1" refaults $(( $(status_value "$1" refaults) + 300 ))
    save_pages=$(whole_pages "$(guest_domid "$1")")
}
