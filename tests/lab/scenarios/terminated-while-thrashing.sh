# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# SIGTERM while pages go out and in: everything comes back while the guest works on. A second
# signal is refused as long as pages are out.
# lab: timeout 1200

start_guest a 112 1 mb=32
start_pager a
squeeze_to a 44
expect_resident a 44 2 300
expect_status a refaults 200
pid=$(pager_pid a)
kill -TERM "$pid"
wait_line "$(pager_log a)" 'draining' 200
kill -TERM "$pid"
wait_line "$(pager_log a)" 'not before the drain is over' 200
[ "$(pager_state "$(guest_domid a)")" = draining ] || fail "the state is not draining"
expect_exit "$pid" 0 200
expect_nothing_out a
[ "$(pager_state "$(guest_domid a)")" = stopped ] || fail "the state is not stopped"
verify_guest a 1 400
destroy_guest a
pass
