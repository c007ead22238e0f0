# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-selftest: the scenario failed: on purpose
# A failure in a subshell is not undone by a pass afterwards.

( fail "on purpose" ) || true
pass
