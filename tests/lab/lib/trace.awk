# SPDX-License-Identifier: GPL-2.0-or-later
#
# Input lines are "<seconds> <tag> <text>". Each goes to <dir>/<tag>.log; on stdout is the
# trace: no messages of dom0, and of guests only what the workload says out of the ordinary.

function is_shown(tag, text) {
    if (tag == "verdict")
        return text !~ / end $/
    if (verbose)
        return 1
    if (tag ~ /^guest-/)
        return text ~ /^workload: / && text !~ /^workload: (round=[0-9]+ bad=0 |histogram)/
    return tag != "dom0"
}

$2 !~ /^[A-Za-z0-9_.-]+$/ {
    print > (dir "/stray.log")
    next
}

{
    text = substr($0, length($1) + length($2) + 3)
    file = dir "/" $2 ".log"
    print $1, text > file
    fflush(file)
}

is_shown($2, text) {
    sub("^" run " ", "", text)
    printf "%s%8.2f %-10s %s\n", prefix, $1, $2, text
    fflush()
}
