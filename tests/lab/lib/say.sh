# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Messages for the person who waits, all on stderr: stdout belongs to results.

say() {
    printf 'lab: %s\n' "$*" >&2
}

die() {
    printf 'lab: error: %s\n' "$*" >&2
    exit 1
}

# run_logged WHAT LOG COMMAND...: with a line every ten seconds; a failure is one line
# that names the log. Never call it where bash ignores "set -e" (if, ||, &&): the
# command would inherit that.
run_logged() {
    local what=$1 log=$2 watcher code start=$SECONDS
    shift 2
    mkdir -p "${log%/*}"
    : > "$log"
    say "$what ..."
    progress "$what" "$log" &
    watcher=$!
    set +e
    ( set -e; "$@" ) >"$log" 2>&1 </dev/null
    code=$?
    set -e
    kill "$watcher"
    [ $code = 0 ] || die "$what failed, see $log"
    say "$what: done in $((SECONDS - start)) s"
}

# progress WHAT LOG: elapsed time and the last line of the log, so that a slow step can
# be told from a stuck one.
progress() {
    local start=$SECONDS
    while sleep 10 && kill -0 $$ 2>/dev/null; do
        say "$1: $((SECONDS - start)) s: $(tail -n 1 "$2" | tr -d '\r' | cut -c 1-60)"
    done
}
