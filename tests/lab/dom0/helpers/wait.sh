# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Waiting for events: always with a limit, never for a fixed time.

# now: seconds since boot.
now() {
    cut -d . -f 1 /proc/uptime
}

# wait_until WHAT SECONDS COMMAND...: until COMMAND succeeds; fails otherwise, saying WHAT
# was awaited and what $SEEN is: a command that sees something writes it there.
wait_until() {
    wait_what=$1
    wait_seconds=$2
    shift 2
    wait_end=$(( $(now) + wait_seconds ))
    SEEN=
    until "$@"; do
        [ "$(now)" -lt "$wait_end" ] ||
            fail "waited $wait_seconds s for $wait_what; seen last: ${SEEN:-nothing}"
        sleep 0.2
    done
}

# wait_line FILE PATTERN SECONDS: until a line of FILE matches the extended PATTERN.
wait_line() {
    wait_until "'$2' in $1" "$3" has_line "$1" "$2"
}

has_line() {
    SEEN=$(tail -n 1 "$1" 2>/dev/null) || SEEN="no $1"
    grep -Eq -e "$2" "$1" 2>/dev/null
}

# expect_exit PID CODE SECONDS: the background process PID of this shell ends with CODE in time.
expect_exit() {
    wait_until "the end of process $1" "$3" has_ended "$1"
    exit_code=0
    wait "$1" || exit_code=$?
    [ "$exit_code" = "$2" ] || fail "process $1 ended with $exit_code, expected was $2"
}

has_ended() {
    SEEN="it runs: $({ tr '\0' ' ' < "/proc/$1/cmdline"; } 2>/dev/null)"
    ! process_runs "$1"
}

# process_runs PID: a zombie, which its parent may never wait for, does not.
process_runs() {
    grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null
}

# idle_seconds SECONDS: for what must not happen, which no event can tell.
idle_seconds() {
    sleep "$1"
}
