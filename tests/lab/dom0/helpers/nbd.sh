# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# NBD servers of dom0, for stores: "# lab: nbd-server nbdkit". That of NAME serves a file, so that nothing is
# lost when it dies, and logs to the lab's nbd-NAME.log.

# nbd_store NAME: what is a pager's --store there.
nbd_store() {
    echo "nbd+unix:///?socket=/run/lab/nbd-$1.socket"
}

# start_nbd_server NAME MIB: with MIB for pages, if it is the first one.
start_nbd_server() {
    nbd_log=/run/lab/nbd-$1.log
    mkdir -p /pages
    [ -e "/pages/$1.nbd" ] || truncate -s "$2M" "/pages/$1.nbd"
    rm -f "/run/lab/nbd-$1.socket"
    follow_log "nbd-$1" "$nbd_log"
    nbdkit -f -U "/run/lab/nbd-$1.socket" file "/pages/$1.nbd" >> "$nbd_log" 2>&1 </dev/null &
    nbd_pid=$!
    wait_until "the NBD server of guest $1" 30 [ -S "/run/lab/nbd-$1.socket" ]
}

# restart_nbd_server NAME SECONDS: it is killed, and is away for that long.
restart_nbd_server() {
    kill -KILL "$nbd_pid"
    wait_until "the end of the NBD server of guest $1" 30 has_ended "$nbd_pid"
    sleep "$2"
    start_nbd_server "$1"
}

# thrash_over_nbd VCPUS KILLS HANDOVERS: guest a, whose worker is killed so often, as its server is once, and
# hands over so often.
thrash_over_nbd() {
    nbd_vcpus=$1 nbd_kills=$2 nbd_handovers=$3
    start_nbd_server a 192
    start_thrashing "$nbd_vcpus" "--store=$(nbd_store a)"
    kill_workers "$nbd_kills"
    nbd_refaults=$(status_value a refaults)
    restart_nbd_server a 3
    expect_status a refaults $((nbd_refaults + 200))
    hand_over_often "$nbd_handovers"
    end_thrashing
}
