# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What a guest's workload says of its DEVICE, disk or net: how many pages it has moved, all of them good.

# device_moves NAME DEVICE
device_moves() {
    sed -n "s/^workload: $2 moves=\([0-9]*\) .*/\1/p" "$(guest_console "$1")" |
        awk '{ moves = $1 } END { print moves + 0 }'
}

# moves_more NAME DEVICE COUNT SECONDS: so many more pages are moved.
moves_more() {
    moves_to=$(( $(device_moves "$1" "$2") + $3 ))
    wait_until "$moves_to pages moved by the $2 of guest $1" "$4" has_moved "$1" "$2" "$moves_to"
    ! grep '^workload: error' "$(guest_console "$1")" || fail "guest $1 has a bad $2"
    note "guest $1: $(grep "^workload: $2 moves" "$(guest_console "$1")" | tail -n 1)"
}

has_moved() {
    SEEN="$(device_moves "$1" "$2") pages moved"
    [ "${SEEN%% *}" -ge "$3" ]
}
