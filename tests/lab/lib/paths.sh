# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# Where everything lives. LAB is tests/lab; the scripts set it before.

ROOT=$(cd "$LAB/../.." && pwd)
OUT=$ROOT/build/lab                 # this checkout's images, logs and runs
BIN=$ROOT/build/tests/lab/bin       # test programs that go into the dom0 image
CACHE=${XENPAGING2_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xenpaging2}
mkdir -p "$OUT" "$CACHE"
