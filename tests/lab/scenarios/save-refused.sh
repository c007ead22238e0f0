# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# A stock Xen takes pages that are out for holes: patched tools refuse to save and to migrate such a
# guest, which does not notice, and save it once all pages are back.
# lab: timeout 1200
# lab: hypervisor stock
# lab: toolstack patched

refused="pages are paged out, and would be lost"
start_guest a 112 1 mb=32
start_pager a
squeeze_to a 80
expect_resident a 80 1 300
run_saver a xl save a /run/lab/a.save
expect_saver 1 100
expect_saver_said "$refused"
run_saver a xl migrate -s '' a 'exec xl migrate-receive'
expect_saver 1 100
expect_saver_said "$refused"
run_saver a env LIBXL_SAVE_HELPER=/usr/lib/xen-4.17/bin/libxl-save-helper xl save a /run/lab/a.save
expect_saver 1 100
expect_saver_said "Cannot save a domain whose memory is paged with /usr/lib/xen-4.17/bin/libxl-save-helper"
verify_guest a 1 300
stop_pager a 300
xl save a /run/lab/a.save || fail "xl save failed"
xl restore /run/lab/a.save || fail "xl restore failed"
verify_guest a 1 300
destroy_guest a
pass
