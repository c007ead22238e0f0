# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Several scenarios, and the table at the end.

# report RESULT_FILE NAME DIR SECONDS RETRIES REASON: one scenario's line of the table.
report() {
    local word=pass why=''
    if [ "$6" != pass ]; then
        word=FAIL
        why="  $6"
        echo "== $2: $6"
        echo "== $2: logs in $3"
    fi
    printf '%-28s %s %5d s  %d retries%s\n' "$2" "$word" "$4" "$5" "$why" > "$1"
}

# run_all SCENARIO...: JOBS at a time; exit code 0 if all passed.
run_all() {
    local index=0 failed result
    RESULTS=$(mktemp -d "$OUT/results.XXXXXX")
    trap 'end_runs; rm -rf "$RESULTS"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    for scenario; do
        while (( $(jobs -rp | wc -l) >= JOBS )); do wait -n || true; done
        index=$((index + 1))
        result=$RESULTS/$(printf %03d $index)
        printf '%-28s FAIL  the run broke off\n' "$scenario" > "$result"
        ( run_scenario "$scenario" "$result" ) &
    done
    wait
    echo
    cat "$RESULTS"/*
    failed=$(cat "$RESULTS"/* | grep -c ' FAIL ' || true)
    echo "$((index - failed)) passed, $failed failed"
    ! grep -h ' FAIL ' "$RESULTS"/*
}

end_runs() {
    local pids
    pids=$(jobs -rp)
    # shellcheck disable=SC2086
    [ -z "$pids" ] || kill $pids
    wait
}
