# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every script of the lab starts with. LAB is the directory tests/lab.

. "$LAB/versions"
. "$LAB/lib/say.sh"
. "$LAB/lib/paths.sh"
. "$LAB/lib/cache.sh"
. "$LAB/lib/apt.sh"
. "$LAB/lib/archive.sh"
. "$LAB/lib/closure.sh"
. "$LAB/lib/series.sh"
