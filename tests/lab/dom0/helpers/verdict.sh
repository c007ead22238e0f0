# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# How a scenario ends and what it says on the way.

# verdict WORD TEXT: a line of the log that only the lab writes; RUN names this run.
verdict() {
    # shellcheck disable=SC2153
    echo "$RUN $1 $2" | lab-log verdict
}

# note MESSAGE: a line of the trace.
note() {
    echo "$*"
}

# pass: the scenario proved what it is for. Its last line.
pass() {
    verdict pass ""
    exit 0
}

# fail MESSAGE: ends the scenario with a failure. A pass that follows (from another
# process, say) does not undo it.
fail() {
    echo "FAIL: $*"
    verdict fail "$*"
    show_state
    exit 1
}

# show_state: what a reader of a failure asks for first. Limited, for what failed may be Xen.
show_state() {
    timeout 10 xl list || true
    for domid in $(timeout 5 xenstore-list /local/domain 2>/dev/null); do
        [ "$domid" = 0 ] || echo "domain $domid: $(timeout 5 lab-dominfo "$domid" | tr '\n' ' ')"
    done
    timeout 5 xenstore-ls -f /libxl 2>/dev/null | grep /paging/ || true
    ps -o pid,stat,rss,args | awk '/[x]enpaging/'
}
