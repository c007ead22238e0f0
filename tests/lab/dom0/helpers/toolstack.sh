# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Guests whose pager xl starts and ends: "# lab: toolstack patched".

# paging_config [KEY=VALUE...]: lines for GUEST_CONFIG; strings come with their quotes.
paging_config() {
    echo 'paging = 1'
    for paging_line; do echo "$paging_line"; done
}

# paging_node NAME NODE: below /libxl/DOMID/paging; empty if there is none.
paging_node() {
    xenstore-read "/libxl/$(guest_domid "$1")/paging/$2" 2>/dev/null || true
}

# xl_pager_log NAME: where libxl lets the daemon write.
xl_pager_log() {
    echo "/var/log/xen/xenpaging2-$1.log"
}

# pagers: the processes that run, a line each. A log's name also has the program's in it.
pagers() {
    ps -o pid,stat,args | awk '$2 !~ /^Z/ && /[x]enpaging2 /'
}

# expect_no_pager: not even one that is on its way out.
expect_no_pager() {
    wait_until "the end of all pagers" 30 has_no_pager
}

has_no_pager() {
    SEEN=$(pagers)
    [ -z "$SEEN" ]
}

# expect_nothing_left DOMID: of a domain that had a pager.
expect_nothing_left() {
    wait_until "the end of domain $1" 60 domain_is_gone "$1"
    ! xenstore-exists "/libxl/$1" || fail "/libxl/$1 is left: $(xenstore-ls "/libxl/$1")"
    ! xenstore-exists "/local/domain/$1" || fail "/local/domain/$1 is left"
    expect_no_pager
    left=$(ls /var/lib/xen/xenpaging)
    [ -z "$left" ] || fail "left in the store's directory: $left"
}

# refused_paging PATTERN TYPE MEMORY_MIB MAXMEM_MIB [LINE...]: xl create with paging=1 and
# these lines fails, says PATTERN, and leaves nothing.
refused_paging() {
    refused_pattern=$1 refused_type=$2 refused_memory=$3 refused_maxmem=$4
    shift 4
    refused_config "$refused_type" "$refused_memory" "$refused_maxmem" "$@" > /run/lab/refused.cfg
    note "$refused_type $refused_memory $refused_maxmem $*:"
    xl_fails "$refused_pattern" create -p /run/lab/refused.cfg
    expect_no_domains
    expect_no_pager
    left=$(find /var/lib/xen/xenpaging /pages -type f 2>/dev/null || true)
    [ -z "$left" ] || fail "a store is left: $left"
}

refused_config() {
    cat <<-EOT
	name = "refused"
	type = "$1"
	kernel = "/boot/vmlinux"
	memory = $2
	maxmem = $3
	vcpus = 1
	paging = 1
	EOT
    shift 3
    for refused_line; do echo "$refused_line"; done
}

# stand_in NAME LINE...: a program that is called xenpaging2 and is a script.
stand_in() {
    stand_in_dir=/run/lab/$1
    shift
    mkdir -p "$stand_in_dir"
    { echo '#!/bin/sh'; for stand_in_line; do echo "$stand_in_line"; done; } > "$stand_in_dir/xenpaging2"
    chmod 755 "$stand_in_dir/xenpaging2"
}

# create_and_destroy ROUNDS: a guest of 128 MiB that may keep 112. With less, it takes long to boot.
create_and_destroy() {
    mkdir -p /var/lib/xen/xenpaging
    create_round=0
    while [ $create_round -lt "$1" ]; do
        create_round=$((create_round + 1))
        create_and_destroy_once "a$create_round"
    done
}

create_and_destroy_once() {
    GUEST_CONFIG=$(paging_config 'paging_target = 112') start_guest "$1" 128 1 mb=32
    follow_log "pager-$1" "$(xl_pager_log "$1")"
    create_domid=$(guest_domid "$1")
    wait_until "guest $1 to be within its target" 5 has_at_most "$create_domid" $((112 * 256))
    note "guest $1: $SEEN"
    expect_nodes "$1"
    verify_guest "$1" 1 200
    destroy_guest "$1"
    expect_nothing_left "$create_domid"
}

# expect_nodes NAME: those of a pager that xl started with a target of 112 MiB.
expect_nodes() {
    nodes_domid=$(guest_domid "$1")
    [ "$(paging_node "$1" state)" = running ] || fail "the state is '$(paging_node "$1" state)'"
    [ "$(paging_node "$1" store)" = "/var/lib/xen/xenpaging/xenpaging2-$nodes_domid" ] ||
        fail "the store is '$(paging_node "$1" store)'"
    process_runs "$(paging_node "$1" pid)" || fail "process '$(paging_node "$1" pid)' does not run"
    [ "$(xenstore-read "/local/domain/$nodes_domid/memory/target-tot_pages")" = 114688 ] ||
        fail "the target is not 114688"
    nodes_seen=$(xenstore-ls -p "/libxl/$nodes_domid/paging" | grep -v '(n0)$' || true)
    [ -z "$nodes_seen" ] || fail "not dom0's alone: $nodes_seen"
}

# xl_fails PATTERN WORD...: and says so.
xl_fails() {
    fails_pattern=$1
    shift
    ! xl "$@" > /run/lab/refusal 2>&1 || fail "xl $* did not fail"
    note "xl $*:"
    sed 's/^/    /' /run/lab/refusal
    grep -Eq -e "$fails_pattern" /run/lab/refusal || fail "no '$fails_pattern' for xl $*"
}

# listed NAME: its line of a list of all that are paged.
listed() {
    xl paging-list | awk -v name="$1" '$1 == name'
}

# is_listed NAME STATE, expect_listed NAME STATE: in a list of its own.
is_listed() {
    SEEN=$(xl paging-list "$1" | tail -n +2)
    [ "$(echo "$SEEN" | awk 'NR == 1 { print $3 }')" = "$2" ]
}

expect_listed() {
    is_listed "$1" "$2" || fail "xl paging-list does not say $2 but: $SEEN"
    note "$SEEN"
}
