# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# One scenario: boot, watch, judge.

BOOT_SECONDS=${LAB_BOOT_SECONDS:-120}    # until dom0's user space; usual is a tenth of it
POWEROFF_SECONDS=120
RUNS_KEPT=20        # of each scenario

# hypervisor_for SCENARIO: the part to boot. What stands behind its name counts more than the
# command line, and that more than its file.
hypervisor_for() {
    local asked series
    series=$(scenario_series "$1")
    asked=$(scenario_asks "$(scenario_file "$1")" hypervisor)
    case $asked in
    *debian*)   echo xen-debian; return ;;
    esac
    case ${FLAVOUR:-$asked} in
    *release*)  printf 'xen-release' ;;
    *)          printf 'xen-debug' ;;
    esac
    case ${series:-$asked} in
    *stock*)    printf -- '-stock\n' ;;
    *)          printf -- '-patched\n' ;;
    esac
}

# run_scenario SCENARIO RESULT: boots it; RESULT gets "pass|fail seconds retries reason".
run_scenario() {
    local file kind name run dir start=$SECONDS retries=0 reason
    trap 'exit 143' TERM INT
    trap 'stop_machine' EXIT
    file=$(scenario_file "$1")
    name=$(basename "$file" .sh)
    case $1 in
    *@*)    name=$name-${1##*@} ;;
    esac
    kind=$(machine_for "$file")
    XEN=${HYPERVISORS[$(hypervisor_for "$1")]}
    new_run_directory
    echo "== $name: logs in $dir ($kind, ${XEN##*/})"
    attempt
    if machine_failed "$dir" "$file"; then
        retries=1
        echo "== $name: $MACHINE_FAILURE, once more; that run's logs are in $dir"
        new_run_directory
        attempt
    fi
    reason=$(judge "$dir" "$run" "$file" "$OUTCOME")
    report "$2" "$name" "$dir" $((SECONDS - start)) "$retries" "$reason"
}

# Sets run, dir and the link that names the latest run.
new_run_directory() {
    mkdir -p "$OUT/runs"
    forget_old_runs
    dir=$(mktemp -d "$OUT/runs/$name-$(date +%H%M%S)-XXXX")
    run=${dir##*/}
    chmod 755 "$dir"
    ln -sfn "$run" "$OUT/runs/$name-latest"
}

forget_old_runs() {
    find "$OUT/runs" -maxdepth 1 -name "$name-[0-9][0-9][0-9][0-9][0-9][0-9]-????" -printf '%T@ %p\n' |
        sort -rn | tail -n +$((RUNS_KEPT + 1)) | cut -d ' ' -f 2- | xargs -r rm -rf
}

# attempt: one boot; OUTCOME is "no boot", "ended" or why it was ended.
attempt() {
    local prefix=''
    [ "$JOBS" = 1 ] || prefix="$name: "
    dom0_image "$file" "$run" "$dir/dom0.cpio"
    "${kind}_start" "$dir" "${SMP:-$(scenario_asks "$file" cpus 1)}" "${MEM:-$(scenario_asks "$file" memory 1536)}" \
        "$(dom0_options) $(scheduler_options) $(scenario_asks "$file" xen-options)" "$(scenario_asks "$file" icount)" \
        "$(scenario_asks "$file" emulator)"
    start_trace "$dir" "$run" "$prefix"
    watch_machine "${TIMEOUT:-$(scenario_asks "$file" timeout 600)}"
    stop_machine
    wait "$TRACE" || true
    rm -f "$dir/dom0.cpio" "$dir/cd.iso" "$dir/stream"
}

dom0_options() {
    local memory
    memory=$(scenario_asks "$file" dom0-memory 700)
    echo "dom0_mem=${memory}M,max:${memory}M dom0_max_vcpus=$(scenario_asks "$file" dom0-cpus 1)"
}

# A vCPU without credit that idle processors refuse is lost (docs/lab.md). The series mends that;
# elsewhere they are not to refuse any.
scheduler_options() {
    case ${XEN##*/} in
    *-patched-*) ;;
    *)           echo sched_credit2_migrate_resist=0 ;;
    esac
}

# watch_machine SECONDS: until it ends, or one of its three limits is reached. All are in seconds
# of the machine.
watch_machine() {
    OUTCOME=ended
    await up "$(stretched "$kind" "$BOOT_SECONDS")" || true
    dom0_said up || { OUTCOME="no boot"; return 0; }
    await end "$(stretched "$kind" "$1")" || { OUTCOME="the scenario took more than $1 s"; return 0; }
    await off "$(stretched "$kind" "$POWEROFF_SECONDS")" || OUTCOME="the machine did not switch off"
}

# await STATE SECONDS: until dom0 said STATE or the machine ended; false when it took longer.
await() {
    local limit=$((SECONDS + $2))
    while machine_runs; do
        ! dom0_said "$1" || return 0
        (( SECONDS < limit )) || return 1
        sleep 0.2
    done
}

dom0_said() {
    grep -q "^[^ ]* verdict $run $1 " "$dir/stream"
}
