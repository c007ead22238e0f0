# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scripts here start with. TOOLSTACK is what "make toolstack" prints.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
WORK=$(mktemp -d)
FLAGS="-std=gnu11 -D__XEN_TOOLS__ -Wall -Wextra -Werror"
trap 'rm -rf "$WORK"' EXIT

complain() {
    echo "toolstack: $*" >&2
    sed 's/^/    /' "$WORK/out" >&2
    exit 1
}

# preload NAME: makes $WORK/NAME.so of NAME.c.
preload() {
    # shellcheck disable=SC2086
    gcc $FLAGS -shared -fPIC -o "$WORK/$1.so" "$HERE/$1.c"
}

# says TEXT...: all in what was put out last, spaces apart.
says() {
    local text
    for text; do
        tr -d ' \n' < "$WORK/out" | grep -Fq -e "$(tr -d ' \n' <<< "$text")" || complain "does not say: $text"
    done
}

says_not() {
    ! grep -Fq -e "$1" "$WORK/out" || complain "says: $1"
}
