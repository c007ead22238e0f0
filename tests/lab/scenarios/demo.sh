# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The demonstration: a guest is squeezed to half, works like that, gets its memory back. It
# tells tests/lab/demo what to draw, in lines that begin with "demo:".
# lab: timeout 1200
# lab: cpus 1

TOTAL=256
HALF=128

# figures PHASE: a line for each second.
figures() {
    figures_resident=$(resident_pages "$domid")
    figures_paged=$(paged_pages "$domid")
    echo "demo: now $1 $TOTAL $((figures_resident / 256)) $((figures_paged / 256))" \
        "$(status_value guest page-ins) $(rounds_done guest) $(bad_pages guest)"
}

# bad_pages NAME: of all rounds together.
bad_pages() {
    sed -n 's/.*workload: round=[0-9]* bad=\([0-9]*\) .*/\1/p' "$(guest_console "$1")" |
        awk '{ n += $1 } END { print n + 0 }'
}

# phase NAME TEXT SECONDS COMMAND...: shows the figures until the command succeeds.
phase() {
    phase_name=$1
    phase_end=$(( $(now) + $3 ))
    phase_start=$(now)
    echo "demo: phase $1 $2"
    shift 3
    until "$@"; do
        [ "$(now)" -lt "$phase_end" ] || fail "phase $phase_name took too long; seen last: $SEEN"
        figures "$phase_name"
        sleep 0.8
    done
    figures "$phase_name"
    echo "demo: done $phase_name $(( $(now) - phase_start )) $(status_value guest page-outs)" \
        "$(status_value guest page-ins) $(rounds_done guest) $(bad_pages guest)"
}

is_resident() {
    has_resident "$domid" "$1" 2
}

rounds_more() {
    SEEN="$(rounds_done guest) rounds"
    [ "$(rounds_done guest)" -ge "$1" ]
}

pager_has_ended() {
    has_ended "$(pager_pid guest)"
}

echo "demo: say starting a guest of $TOTAL MiB that works on 40 MiB of them"
start_guest guest $TOTAL 1 mb=40 zero=20 idle_ms=200 > /dev/null
domid=$(guest_domid guest)
start_pager guest > /dev/null
verify_guest guest 1 60 > /dev/null

xenstore-write "/local/domain/$domid/memory/target-tot_pages" $((HALF * 1024))
phase squeeze "its target is now $HALF MiB" 120 is_resident $HALF
phase work "it works, half of its memory is out" 120 rounds_more $(( $(rounds_done guest) + 5 ))
xenstore-write "/local/domain/$domid/memory/target-tot_pages" $((192 * 1024))
phase raise "its target is now 192 MiB" 120 is_resident 192
kill -TERM "$(pager_pid guest)"
phase drain "the pager is asked to end: everything comes back" 120 pager_has_ended
expect_exit "$(pager_pid guest)" 0 30
expect_nothing_out guest
verify_guest guest 1 60 > /dev/null
[ "$(bad_pages guest)" = 0 ] || fail "$(bad_pages guest) bad pages"
destroy_guest guest
pass
