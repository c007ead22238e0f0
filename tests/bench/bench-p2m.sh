# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Counts the instructions of operations on a guest's pages; tests/bench/p2m makes a table of it.
# lab: timeout 1800
# lab: icount 0
# lab: emulator mended
# lab: cpus 1
# lab: dom0-cpus 1

create_p2m_guest a
lab-bench-p2m "$(guest_domid a)"
destroy_guest a
pass
