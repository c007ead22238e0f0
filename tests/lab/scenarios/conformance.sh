# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Sequences of operations come out as lab-p2m's table says, which tests/sim/conformance asks of the
# simulator, too: so that one is like the other. With conformance@stock, on a stock Xen.
# lab: timeout 600

create_p2m_guest a
expect_p2m a good conformance
destroy_guest a
pass
