# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# For comparison: under Debian's xenpaging the guest stands still from its first page-in on.
# It never sets version and reason in its responses, and Xen ignores them.
# lab: hypervisor stock
# lab: timeout 1200
# lab: xen-options guest_loglvl=all
# lab: allow vm_event interface version mismatch

start_guest a 128 1 mb=48
start_old_pager a xenpaging
squeeze_to a 70
wait_until "Xen's complaint" 120 xen_says 'vm_event interface version mismatch'
stuck=$(rounds_done a)
idle_seconds 20
[ "$(rounds_done a)" = "$stuck" ] || fail "the guest works on, $(rounds_done a) rounds"
destroy_guest a
pass
