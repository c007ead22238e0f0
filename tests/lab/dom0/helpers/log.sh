# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Streams files of dom0 to the lab, so that they survive whatever happens here.

FOLLOWERS=/run/lab/followers

# follow_log TAG FILE: FILE becomes the lab's TAG.log, line by line. Once per TAG.
follow_log() {
    ! grep -q " $1\$" $FOLLOWERS 2>/dev/null || return 0
    lab-log "$1" "$2" </dev/null &
    echo "$! $1" >> $FOLLOWERS
}

# stop_followers: when all was sent.
stop_followers() {
    while read -r follower _; do
        kill "$follower"
        wait_until "the end of log follower $follower" 120 has_ended "$follower"
    done < $FOLLOWERS
}
