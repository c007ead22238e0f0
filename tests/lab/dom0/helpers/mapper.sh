# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# lab-mapper against a pager on the same pages. The guest never runs: whatever goes out after the
# squeeze are pages that the mapper has brought in.

MAPPER_FIRST=$((76 * 256))
MAPPER_PAGES=64

# start_mapper_guest NAME PAGES: squeezed to that many pages; some 8 are special and never go out.
start_mapper_guest() {
    create_paused "$1" pvh 80 80
    start_pager "$1" --target-min=4
    xenstore-write "/local/domain/$(guest_domid "$1")/memory/target-tot_pages" $(($2 * 4))
    wait_until "guest $1 to be squeezed" 300 has_at_most "$(guest_domid "$1")" "$2"
    note "guest $1 is squeezed: $SEEN"
}

# run_mapper NAME INCREMENTS SECONDS PAGE_OUTS: returns 1 if writes were lost. At least so many of
# its pages must go out.
run_mapper() {
    mapper_outs=$(status_value "$1" page-outs)
    mapper_code=0
    timeout "$3" lab-mapper "$(guest_domid "$1")" $MAPPER_FIRST $MAPPER_PAGES "$2" \
        > /run/lab/mapper.log 2>&1 || mapper_code=$?
    mapper_outs=$(( $(status_value "$1" page-outs) - mapper_outs ))
    note "lab-mapper: $(cat /run/lab/mapper.log), $mapper_outs page-outs"
    [ $mapper_code -le 1 ] || fail "lab-mapper ended with $mapper_code"
    [ "$mapper_outs" -ge "$4" ] || fail "only $mapper_outs page-outs"
    return $mapper_code
}

# map_at_length: 100,000 increments of 4,096 pages, of which 1,024 are in memory. Of a few pages most stay, as
# the policy leaves alone what was mapped a moment ago; of these many, most are out when their turn comes.
map_at_length() {
    MAPPER_FIRST=$((60 * 256))
    MAPPER_PAGES=4096
    start_mapper_guest a 1024
    run_mapper a 100000 3000 10000 || fail "writes are lost"
    destroy_guest a
}

# leave_pages_to_mapper: before a guest of 112 MiB is started: its kernel does without the last 4.
leave_pages_to_mapper() {
    GUEST_KERNEL_OPTIONS="$GUEST_KERNEL_OPTIONS mem=108M"
}

# start_mapping NAME: lab-mapper works on pages of that guest until stop_mapping, whatever its pager does.
start_mapping() {
    rm -f /run/lab/no-mapping
    map_until_told "$(guest_domid "$1")" > /run/lab/mapping.log 2>&1 &
    mapping=$!
    follow_log mapping /run/lab/mapping.log
}

map_until_told() {
    while [ ! -e /run/lab/no-mapping ]; do
        lab-mapper "$1" $((110 * 256)) $MAPPER_PAGES 200
    done
}

# stop_mapping: no write is lost, and every page came.
stop_mapping() {
    touch /run/lab/no-mapping
    expect_exit "$mapping" 0 300
    [ "$(grep -vc '^lost=0 ' /run/lab/mapping.log)" = 0 ] || fail "$(grep -v '^lost=0 ' /run/lab/mapping.log)"
    note "lab-mapper: $(wc -l < /run/lab/mapping.log) times 200 increments, $(tail -n 1 /run/lab/mapping.log)"
}
