# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Decides from a run's logs whether it passed.

# What a sound hypervisor, kernel or program never prints.
XEN_PROBLEMS='Assertion|Panic on CPU|FATAL|Xen (BUG|WARN)|Xen call trace|domain_crash|crashed|[Tt]riple fault'
LINUX_PROBLEMS='BUG:|Oops|Kernel panic|WARNING: CPU|general protection fault|segfault at|soft lockup|blocked for more than|invoked oom-killer'
GUEST_PROBLEMS='workload: (error|bad|round=[0-9]+ bad=[^0])'
PAGER_PROBLEMS='Assertion|Sanitizer|runtime error:'

# interrupted_twice RUN_DIR: whether an interrupt of Xen's is on the stack of a guest's entry code, taken by
# somebody whose EFLAGS have no IF (0x200).
interrupted_twice() {
    [ -n "$(gawk '/BUG: ENTRY_TRAMPOLINE stack guard page was hit/ { entry = 1 }
        entry && /\] +asm_sysvec_xen_hvm_callback\+/ { taken = 1 }
        taken && match($0, /EFLAGS: [0-9a-f]{8}/) {
            if (substr($0, RSTART + 13, 1) ~ /[014589cd]/) print
            taken = 0
        }' /dev/null "$1"/guest-*.log 2>/dev/null)" ]
}

# machine_failed RUN_DIR SCENARIO_FILE: whether the machine failed, rather than what is tested on it.
# Then MACHINE_FAILURE says how. Nothing but these is ever tried again:
#   - dom0 did not come up, and nobody complained;
#   - a guest had a triple fault while the processor, in guest mode, was at an address of Xen's
#     own. A real processor has a guest's state there; the emulator has, rarely, left Xen's;
#   - a guest's kernel died of an interrupt that came while its interrupts were off, which a real processor
#     does not deliver (docs/lab.md);
#   - Linux gave up because a stock Xen had failed a hypercall whose arguments were on a page that
#     was out, or that Xen panicked in its scheduler, which no scenario but p2m-scheduler-stock asks
#     for: no pager can prevent that (README, Limits). A patched Xen has no such excuse.
machine_failed() {
    if grep -saqE '^\(XEN\) RIP: +e008:\[<ffff82d[0-9a-f]*>\]' <(grep -aA4 'Triple fault' "$1/xen.log"); then
        MACHINE_FAILURE="the emulator lost a guest's state"
    elif interrupted_twice "$1"; then
        MACHINE_FAILURE="the emulator delivered an interrupt twice"
    elif [[ ${XEN##*/} = *-stock-* ]] &&
        grep -saqE 'kernel BUG at (arch/x86|drivers)/xen/' "$1"/guest-*.log; then
        MACHINE_FAILURE="a stock Xen failed a guest's hypercall"
    elif [[ ${XEN##*/} = *-stock-* ]] && [ -z "$(scenario_asks "$2" panic)" ] &&
        grep -saqF "Assertion 'wqv->esp == 0' failed" "$1/xen.log"; then
        MACHINE_FAILURE="a stock Xen panicked in its scheduler"
    elif [ "$OUTCOME" = "no boot" ] && [ -z "$(find_problems "$1" "")" ]; then
        MACHINE_FAILURE="dom0 did not come up in $BOOT_SECONDS s of its own"
    else
        return 1
    fi
}

# judge RUN_DIR RUN SCENARIO_FILE OUTCOME: prints "pass" or the reason for a failure.
# OUTCOME is how the machine ended.
judge() {
    local panic problems
    panic=$(scenario_asks "$3" panic)
    if [ -n "$panic" ]; then
        judge_panic "$1" "$panic"
        return
    fi
    problems=$(find_problems "$1" "$(scenario_asks "$3" allow)")
    if grep -q "^[^ ]* $2 fail " "$1/verdict.log" 2>/dev/null; then
        echo "the scenario failed: $(sed -n "s/^[^ ]* $2 fail //p" "$1/verdict.log" | head -n 1)"
    elif [ -n "$problems" ]; then
        echo "problem in the logs: $(head -n 1 <<< "$problems")"
    elif [ "$4" != ended ]; then
        echo "$4"
    elif ! grep -q "^[^ ]* $2 pass " "$1/verdict.log" 2>/dev/null; then
        echo "the scenario gave no verdict"
    elif ! grep -q "^[^ ]* $2 end " "$1/verdict.log"; then
        echo "dom0 did not come to its end"
    else
        echo pass
    fi
}

judge_panic() {
    if ! grep -Eq "Panic on CPU" "$1/xen.log"; then
        echo "Xen did not panic"
    elif ! grep -Eq -e "$2" "$1/xen.log"; then
        echo "Xen panicked, but with no line that matches '$2'"
    else
        echo pass
    fi
}

# find_problems RUN_DIR ALLOWED: "file: line" of each; ALLOWED is a regular expression a line.
find_problems() {
    ( cd "$1"
      grep_logs "$XEN_PROBLEMS|$LINUX_PROBLEMS" xen.log
      grep_logs "$LINUX_PROBLEMS" dom0.log
      grep_logs "$LINUX_PROBLEMS|$GUEST_PROBLEMS" guest-*.log
      grep_logs "$PAGER_PROBLEMS" pager-*.log ) |
        if [ -n "$2" ]; then grep -vE -f <(echo "$2"); else cat; fi || true
}

# grep_logs REGEX FILE...: some may not exist; what they contain may be anything.
grep_logs() {
    grep -saHE -e "$@" | tr -d '\r' || true
}
