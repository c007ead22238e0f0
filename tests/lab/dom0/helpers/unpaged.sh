# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Lives of guests without a pager, and what they leave behind.

# live_unpaged ROUNDS: a guest is created, ballooned, rebooted, saved, restored and destroyed. The
# first one may make dom0 and Xen allocate what they keep; those after it leave nothing.
live_unpaged() {
    GUEST_ON_REBOOT=restart
    live_free=
    live_round=0
    note "at first $(host_free_pages) pages of the host are free"
    while [ $live_round -lt "$1" ]; do
        live_round=$((live_round + 1))
        live_once "a$live_round"
        expect_no_domains
        : "${live_free:=$(host_free_pages)}"
        wait_until "at least $live_free free pages" 60 are_free "$live_free"
        note "round $live_round: $(host_free_pages) pages of the host are free"
    done
}

live_once() {
    start_guest "$1" 112 1 mb=12
    balloon_unpaged "$1"
    live_domid=$(guest_domid "$1")
    xl reboot "$1" || fail "xl reboot failed"
    wait_until "the reboot of guest $1" 200 has_other_domid "$1" "$live_domid"
    wait_until "the second life of guest $1" 200 has_lived "$1" 2
    xl save "$1" "/run/lab/$1.save" || fail "xl save failed"
    xl restore "/run/lab/$1.save" || fail "xl restore failed"
    rm "/run/lab/$1.save"
    verify_guest "$1" 1 400
    live_domid=$(guest_domid "$1")
    destroy_guest "$1"
    wait_until "the end of guest $1" 60 domain_is_gone "$live_domid"
}

# balloon_unpaged NAME: down and up by 8 MiB.
balloon_unpaged() {
    balloon_domid=$(guest_domid "$1")
    balloon_full=$(resident_pages "$balloon_domid")
    xl mem-set "$1" 104 || fail "xl mem-set failed"
    wait_until "guest $1 to shrink" 200 has_at_most "$balloon_domid" $((balloon_full - 2000))
    verify_guest "$1" 1 400
    xl mem-set "$1" 112 || fail "xl mem-set failed"
    wait_until "guest $1 to grow" 200 has_at_least "$balloon_domid" $((balloon_full - 48))
}

has_at_least() {
    SEEN="$(resident_pages "$1") pages resident"
    [ "${SEEN%% *}" -ge "$2" ]
}

host_free_pages() {
    lab-dominfo 0 | sed -n 's/^host-free=//p'
}

are_free() {
    SEEN="$(host_free_pages) pages"
    [ "${SEEN% pages}" -ge "$1" ]
}

# expect_no_domains: Xen knows of none but dom0, not even one that waits for its last reference.
expect_no_domains() {
    wait_until "Xen to know no domain but dom0" 60 has_no_domains
}

has_no_domains() {
    xl debug-keys q
    SEEN="domains$(xl dmesg | awk '/pressed -> dumping domain info/ { n = "" }
        /General information for domain/ { n = n " " $NF } END { print n }')"
    [ "$SEEN" = "domains 0:" ]
}
