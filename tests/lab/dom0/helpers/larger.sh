# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Guest a, one and a half times as large as the memory that the host has free before it is started.

# free_memory: of the host, in MiB.
free_memory() {
    xl info | sed -n 's/^free_memory *: //p'
}

# larger_target: how much of it may stay in memory, in MiB.
larger_target() {
    echo $((larger_mib / 2))
}

# larger_config LINE...: its configuration, with paging and these lines.
larger_config() {
    guest_config a "$larger_mib" 1 mb=32
    paging_config "$@"
}

# larger_fails PATTERN LINE...: such a guest is not started, xl says PATTERN, and nothing is left.
larger_fails() {
    larger_pattern=$1
    shift
    larger_mib=$(($(free_memory) * 3 / 2))
    larger_config "$@" > /run/lab/larger.cfg
    xl_fails "$larger_pattern" create /run/lab/larger.cfg
    expect_no_domains
    expect_no_pager
}

# start_larger: fails to start it without paging, and then starts it. Sets larger_mib.
start_larger() {
    larger_free=$(free_memory)
    larger_mib=$((larger_free * 3 / 2))
    note "$larger_free MiB are free, the guest has $larger_mib"
    guest_config a "$larger_mib" 1 mb=32 > /run/lab/whole.cfg
    xl_fails 'cannot .*build domain' create /run/lab/whole.cfg
    follow_log pager-a "$(xl_pager_log a)"
    GUEST_CONFIG=$(paging_config "paging_target = $(larger_target)") start_guest a "$larger_mib" 1 mb=32
    larger_domid=$(guest_domid a)
    [ "$(whole_pages "$larger_domid")" -ge $((larger_mib * 256 - 512)) ] ||
        fail "it has only $(whole_pages "$larger_domid") pages"
    wait_until "guest a to be within its target" 5 has_at_most "$larger_domid" $(($(larger_target) * 256))
    note "guest a: $SEEN"
}
