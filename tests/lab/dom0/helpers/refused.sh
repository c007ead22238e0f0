# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# Starts of the pager that must be refused.

# refused PATTERN OPTION...: the line must match, and be all there is.
refused() {
    refused_pattern=$1
    shift
    refused_code=0
    xenpaging2 "$@" > /run/lab/refusal 2>&1 || refused_code=$?
    note "xenpaging2 $*: $(cat /run/lab/refusal)"
    [ "$refused_code" = 1 ] || fail "exit code $refused_code for xenpaging2 $*"
    [ "$(wc -l < /run/lab/refusal)" = 1 ] || fail "not one line for xenpaging2 $*"
    grep -Eq -e "error: .*$refused_pattern" /run/lab/refusal || fail "no '$refused_pattern' for xenpaging2 $*"
}

# unchanged DOMID: a refusal leaves no trace in xenstore and no page out.
unchanged() {
    ! xenstore-exists "/libxl/$1/paging" || fail "/libxl/$1/paging is there"
    [ "$(paged_pages "$1")" = 0 ] || fail "domain $1 has pages out"
}
