# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Splits dom0's log line into a file per source and shows what a reader wants to follow.

# start_trace RUN_DIR RUN PREFIX: until the machine has ended; sets TRACE to its process.
start_trace() {
    touch "$1/stream"
    tail --pid="$MACHINE" -s 0.1 -n +1 -f "$1/stream" |
        gawk -v dir="$1" -v run="$2" -v prefix="$3" -v verbose="$VERBOSE" -f "$LAB/lib/trace.awk" &
    TRACE=$!
}
