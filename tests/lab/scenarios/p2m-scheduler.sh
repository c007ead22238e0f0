# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A patched Xen does not wait for a page while it switches between vCPUs: everything of a guest
# that runs goes out, the ring is full, and the guest works on once it is served.
# lab: timeout 900

start_guest a 96 2 mb=8
expect_p2m a good scheduler
expect_nothing_out a
verify_guest a 2 300
destroy_guest a
pass
