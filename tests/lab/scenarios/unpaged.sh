# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Guests without a pager on a patched Xen: whatever a toolstack does with them works, and leaves
# neither a page nor a domain behind.
# lab: timeout 1200

live_unpaged 2
pass
