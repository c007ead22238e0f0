# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Guests. NAME's console is in $(guest_console NAME) and in the lab's guest-NAME.log.

# guest_console NAME: the file xenconsoled writes.
guest_console() {
    echo "/var/log/xen/console/guest-$1.log"
}

# What a guest's kernel does not need to do at each start, and takes most of it: prove that its
# cryptography works, with which it would check modules, and look for PCI devices one by one.
GUEST_KERNEL_OPTIONS="cryptomgr.notests=1 initcall_blacklist=load_system_certificate_list pci=noearly"

# guest_config NAME MEMORY_MIB VCPUS [KEY=VALUE...]: an xl configuration on stdout; the rest
# are parameters of the workload.
guest_config() {
    guest_name=$1 guest_memory=$2 guest_vcpus=$3
    shift 3
    guest_words=
    for guest_word; do guest_words="$guest_words workload.$guest_word"; done
    cat <<-EOF
	name = "$guest_name"
	type = "pvh"
	kernel = "/boot/vmlinux"
	ramdisk = "/boot/guest"
	cmdline = "console=hvc0 quiet $GUEST_KERNEL_OPTIONS$guest_words"
	memory = $guest_memory
	maxmem = $guest_memory
	vcpus = $guest_vcpus
	tsc_mode = "native"
	on_crash = "preserve"
	on_reboot = "${GUEST_ON_REBOOT:-preserve}"
	on_poweroff = "${GUEST_ON_POWEROFF:-destroy}"
	EOF
}

# start_guest NAME MEMORY_MIB VCPUS [KEY=VALUE...]: creates it and waits for the workload.
# Lines for its configuration beyond those above: GUEST_CONFIG.
start_guest() {
    note "starting guest $1: $2 MiB, $3 vcpus"
    { guest_config "$@"; echo "${GUEST_CONFIG:-}"; } > "/run/lab/$1.cfg"
    boot_guest "$1" 300
}

# boot_guest NAME SECONDS: likewise, from the configuration that is there.
boot_guest() {
    : > "$(guest_console "$1")"
    follow_log "guest-$1" "$(guest_console "$1")"
    xl create "/run/lab/$1.cfg" || fail "xl create failed for $1"
    wait_until "the workload of guest $1" "$2" workload_is_ready "$1"
}

# look_at_guest NAME: what it said last; for wait_until, which need not wait for a guest that is dead.
look_at_guest() {
    SEEN=$(tail -n 1 "$(guest_console "$1")")
    ! grep -qE '^workload: error|Kernel panic' "$(guest_console "$1")" || fail "guest $1: $SEEN"
}

workload_is_ready() {
    look_at_guest "$1"
    grep -q '^workload: ready' "$(guest_console "$1")"
}

# guest_domid NAME
guest_domid() {
    xl domid "$1" || fail "there is no guest $1"
}

# guest_wait NAME PATTERN SECONDS: until a line of its console matches.
guest_wait() {
    wait_line "$(guest_console "$1")" "$2" "$3"
}

# destroy_guest NAME
destroy_guest() {
    xl destroy "$1" || fail "xl destroy failed for $1"
}

# verify_guest NAME ROUNDS SECONDS: that many further whole rounds of verification, all good.
verify_guest() {
    # The round under way may have verified part of its pages before now.
    verify_from=$(( $(rounds_done "$1") + 2 ))
    verify_to=$(( verify_from + $2 - 1 ))
    wait_until "round $verify_to of guest $1" "$3" has_verified "$1" "$verify_to"
    bad_lines=$(grep -E '^workload: (bad|error)|^workload: round=[0-9]+ bad=[^0]' \
        "$(guest_console "$1")" | head -n 3)
    [ -z "$bad_lines" ] || fail "guest $1: $bad_lines"
    note "guest $1: rounds $verify_from to $verify_to verified"
}

has_verified() {
    look_at_guest "$1"
    has_round "$1" "$2"
}

rounds_done() {
    grep -c '^workload: round=' "$(guest_console "$1")" || true
}

has_round() {
    SEEN=$(tail -n 1 "$(guest_console "$1")")
    [ "$(rounds_done "$1")" -ge "$2" ]
}
