# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What scenarios expect of Xen, of a pager's status and of a guest's residency.

# create_paused NAME TYPE MEMORY_MIB MAXMEM_MIB: a guest that never runs. More lines for its
# configuration: GUEST_CONFIG.
create_paused() {
    cat > "/run/lab/$1.cfg" <<-EOF
	name = "$1"
	type = "$2"
	kernel = "/boot/vmlinux"
	memory = $3
	maxmem = $4
	vcpus = 1
	${GUEST_CONFIG:-}
	EOF
    xl create -p "/run/lab/$1.cfg" || fail "xl create failed for $1"
}

# status_value NAME KEY: what guest NAME's pager last wrote to xenstore; 0 before that.
status_value() {
    xenstore-read "/libxl/$(guest_domid "$1")/paging/status/$2" 2>/dev/null || echo 0
}

# expect_status NAME KEY AT_LEAST: within 300 s.
expect_status() {
    wait_until "$2 of guest $1 to be at least $3" 300 has_status "$1" "$2" "$3"
}

has_status() {
    SEEN="$(status_value "$1" "$2")"
    [ "$SEEN" -ge "$3" ]
}

# expect_nothing_out NAME: all of the guest's memory is in memory.
expect_nothing_out() {
    out=$(paged_pages "$(guest_domid "$1")")
    [ "$out" = 0 ] || fail "guest $1 still has $out pages out"
}

# watch_resident NAME MIB SECONDS: residency stays at or below MIB all that time.
watch_resident() {
    watch_domid=$(guest_domid "$1")
    watch_end=$(( $(now) + $3 ))
    watch_most=0
    while [ "$(now)" -lt "$watch_end" ]; do
        watch_now=$(resident_pages "$watch_domid")
        [ "$watch_now" -le "$watch_most" ] || watch_most=$watch_now
        [ "$watch_now" -le $(($2 * 256)) ] ||
            fail "guest $1 has $watch_now pages resident, more than $2 MiB"
        sleep 0.5
    done
    note "guest $1: at most $watch_most pages resident in $3 s"
}

# domain_is_gone DOMID, has_other_domid NAME DOMID: for wait_until.
domain_is_gone() {
    SEEN=$(lab-dominfo "$1" 2>/dev/null | tr '\n' ' ')
    ! lab-dominfo "$1" >/dev/null 2>&1
}

has_other_domid() {
    SEEN=$(xl domid "$1" 2>&1) && [ "$SEEN" != "$2" ]
}

# has_lived NAME TIMES: the workload has come up that often, for wait_until.
has_lived() {
    SEEN="$(grep -c '^workload: ready' "$(guest_console "$1")") times up"
    [ "${SEEN%% *}" -ge "$2" ]
}

# xen_says PATTERN: on its console, for wait_until.
xen_says() {
    SEEN=$(xl dmesg | tail -n 1)
    xl dmesg | grep -q -e "$1"
}
