# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Pagers. The one of guest NAME logs to $(pager_log NAME), which is the lab's pager-NAME.log.

# pager_log NAME
pager_log() {
    echo "/run/lab/pager-$1.log"
}

# pager_pid NAME
pager_pid() {
    cat "/run/lab/pager-$1.pid"
}

# start_pager NAME [OPTION...]: xenpaging2 for the guest, and waits until it serves. The
# pages go to /pages/NAME, unless there is a --store or --directory.
start_pager() {
    pager_name=$1
    shift
    mkdir -p /pages
    case " $*" in
    *" --store="*|*" --directory="*) ;;
    *) set -- "--store=/pages/$pager_name" "$@" ;;
    esac
    pager_domid=$(guest_domid "$pager_name")
    xenstore-rm "/libxl/$pager_domid/paging/state" 2>/dev/null || true
    run_pager "$pager_name" xenpaging2 "$@" "$pager_domid"
    wait_until "the pager of guest $pager_name" 120 pager_serves "$pager_name" "$pager_domid"
    note "pager of guest $pager_name is running: $*"
}

# run_pager NAME COMMAND...: any pager, in the background; does not wait for it.
run_pager() {
    pager_name=$1
    shift
    follow_log "pager-$pager_name" "$(pager_log "$pager_name")"
    "$@" >> "$(pager_log "$pager_name")" 2>&1 </dev/null &
    echo $! > "/run/lab/pager-$pager_name.pid"
}

pager_serves() {
    SEEN="state $(pager_state "$2"), log: $(tail -n 1 "$(pager_log "$1")")"
    process_runs "$(pager_pid "$1")" || fail "the pager of guest $1 has ended; $SEEN"
    [ "$(pager_state "$2")" = running ]
}

# pager_state DOMID: as the pager last wrote it to xenstore, or "none".
pager_state() {
    xenstore-read "/libxl/$1/paging/state" 2>/dev/null || echo none
}

# start_old_pager NAME PROGRAM [OPTION...]: xenpaging (Debian's) or xenpaging-repaired for
# the guest. It says nothing; opening its file is the last thing it does to get ready.
start_old_pager() {
    old_name=$1
    shift
    mkdir -p /pages
    rm -f "/pages/$old_name"
    run_pager "$old_name" "$@" -f "/pages/$old_name" -d "$(guest_domid "$old_name")"
    wait_until "the file of guest $old_name's pager" 120 [ -e "/pages/$old_name" ]
    note "pager of guest $old_name is running: $*"
}

# stop_pager NAME [SECONDS]: asks it to bring all pages back and to end, which it does with 0.
stop_pager() {
    kill -TERM "$(pager_pid "$1")"
    expect_exit "$(pager_pid "$1")" 0 "${2:-180}"
    note "pager of guest $1 has ended"
}

# squeeze_to NAME MIB: what the toolstack does to say how much may stay resident.
squeeze_to() {
    squeeze_domid=$(guest_domid "$1")
    note "guest $1 may keep $2 MiB"
    xenstore-write "/local/domain/$squeeze_domid/memory/target-tot_pages" $(($2 * 1024))
}

# resident_pages DOMID, paged_pages DOMID: as Xen counts them, of 4 KiB.
resident_pages() {
    lab-dominfo "$1" | sed -n 's/^resident=//p'
}

paged_pages() {
    lab-dominfo "$1" | sed -n 's/^paged=//p'
}

# expect_resident NAME MIB TOLERANCE_MIB SECONDS: until that much is resident, give or take.
expect_resident() {
    resident_domid=$(guest_domid "$1")
    wait_until "$2 (+- $3) MiB resident of guest $1" "$4" has_resident "$resident_domid" "$2" "$3"
    note "guest $1: $SEEN"
}

has_resident() {
    resident_now=$(resident_pages "$1")
    SEEN="$resident_now pages resident, $(paged_pages "$1") paged out"
    [ "${resident_now:-0}" -ge $((($2 - $3) * 256)) ] && [ "$resident_now" -le $((($2 + $3) * 256)) ]
}

# has_at_most DOMID PAGES: for wait_until.
has_at_most() {
    SEEN="$(resident_pages "$1") pages resident"
    [ "${SEEN%% *}" -le "$2" ]
}
