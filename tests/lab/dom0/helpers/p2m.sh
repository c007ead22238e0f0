# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The cases of lab-p2m. Each is a process of its own, a pager for the guest as long as it lasts.
# Their steps are in the lab's p2m.log.

P2M_LOG=/run/lab/p2m.log

# create_p2m_guest NAME: what lab-p2m asks for.
create_p2m_guest() {
    create_paused "$1" pvh 96 96
}

# expect_p2m NAME good|bad CASE...: what lab-p2m comes to in each case, with guest NAME. All of them
# are tried before it fails.
expect_p2m() {
    p2m_domid=$(guest_domid "$1")
    p2m_expected=$2
    p2m_wrong=
    shift 2
    follow_log p2m $P2M_LOG
    for p2m_case; do
        lab-p2m "$p2m_domid" "$p2m_case" >> $P2M_LOG 2>&1 || echo "RESULT $p2m_case none" >> $P2M_LOG
        grep -q "^RESULT $p2m_case $p2m_expected" $P2M_LOG || p2m_wrong="$p2m_wrong $p2m_case"
    done
    [ -z "$p2m_wrong" ] || fail "not $p2m_expected:$p2m_wrong"
}
